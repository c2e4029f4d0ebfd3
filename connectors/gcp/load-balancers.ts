import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { selectorOf } from '../../src/events/classes.ts';
import { own } from '../../src/model/own.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { aggregated, COMPUTE, listed, listOf, nameOf, noteList, offTap, openProjects, PAGES, toRouter } from './lists.ts';
import type { GcpContainer } from './places.ts';

const SOURCE = 'gcp.lb.http';
const TYPE = 'gcp.lb.http';
const SERVICES = 'compute:backendServices.aggregatedList';
const BUCKETS = 'compute:backendBuckets.list';

const Service = z.object({
  name: z.string(),
  selfLink: z.string().optional(),
  region: z.string().optional(),
  protocol: z.string().default('HTTP'),
  loadBalancingScheme: z.string().default('EXTERNAL'),
  logConfig: z
    .object({
      enable: z.boolean().default(false),
      sampleRate: z.number().optional(),
      optionalMode: z.string().optional(),
      optionalFields: z.array(z.string()).default([]),
    })
    .optional(),
});
type Service = z.infer<typeof Service>;
const Services = aggregated('backendServices', Service);
const Bucket = z.object({ name: z.string(), selfLink: z.string().optional() });
const Buckets = listed('items', Bucket);

const OVER_HTTP = new Set(['HTTP', 'HTTPS', 'HTTP2', 'H2C', 'GRPC']);
const OVER_TCP = new Set(['TCP', 'SSL']);

/** Fields of a record that are there whatever the optional fields are, and those of every log entry. */
const REQUIRED = [
  'resource',
  'logName',
  'severity',
  'payload',
  'timestamp',
  'trace',
  'spanId',
  'resource.type',
  'resource.labels.project_id',
  'resource.labels.backend_service_name',
  'resource.labels.forwarding_rule_name',
  'resource.labels.url_map_name',
  'resource.labels.target_proxy_name',
  'httpRequest',
  'httpRequest.requestMethod',
  'httpRequest.requestUrl',
  'httpRequest.requestSize',
  'httpRequest.status',
  'httpRequest.responseSize',
  'httpRequest.userAgent',
  'httpRequest.remoteIp',
  'httpRequest.serverIp',
  'httpRequest.referer',
  'httpRequest.latency',
  'httpRequest.cacheHit',
  'httpRequest.cacheLookup',
  'statusDetails',
  'remoteIp',
  'backendTargetProjectNumber',
  'enforcedSecurityPolicy',
  'enforcedSecurityPolicy.name',
  'enforcedSecurityPolicy.priority',
  'enforcedSecurityPolicy.configuredAction',
  'enforcedSecurityPolicy.outcome',
  'enforcedSecurityPolicy.preconfiguredExprIds',
  'previewSecurityPolicy',
  'previewSecurityPolicy.name',
  'previewSecurityPolicy.outcome',
  'securityPolicyRequestData',
];

/** Request logs of load balancers that are proxies, with what Cloud Armor decided. https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring */
export const loadBalancers: Collector = {
  id: 'load-balancers',
  provider: 'gcp',
  service: 'Cloud Load Balancing',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [SERVICES]: {
      permission: 'compute.backendServices.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/aggregated/backendServices`,
      why: 'which backend services there are, and what share of their requests is logged',
      per: 'account',
    },
    [BUCKETS]: {
      permission: 'compute.backendBuckets.list',
      pages: PAGES,
      url: `${COMPUTE}/projects/{project}/global/backendBuckets`,
      why: 'backend buckets, whose requests are always logged',
      per: 'account',
    },
  },
  doc: 'https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring',
  async collect(cell) {
    if (cell.account.includes('/')) return;
    await Promise.all([
      cell.ask(SERVICES, { project: cell.account, maxResults: 500, returnPartialSuccess: true }),
      cell.ask(BUCKETS, { project: cell.account, maxResults: 500 }),
    ]);
  },
  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const services = listOf(evidence, SERVICES, Services, project.id);
      if (!noteList(paths, [SOURCE], project, services, 'Compute Engine')) continue;
      for (const service of services.items) readService(evidence, paths, project, service, services.ids);
      const buckets = listOf(evidence, BUCKETS, Buckets, project.id);
      noteList(paths, [SOURCE], project, buckets, 'Compute Engine');
      for (const bucket of buckets.items) readBucket(evidence, paths, project, bucket, buckets.ids);
    }
  },
};

interface Log {
  /** End of the log's name. */
  readonly log: string;
  readonly types: readonly string[];
}

/** The log that a backend service's requests are in; text: why there is none. */
function logOf({ protocol, loadBalancingScheme, region, name }: Service): Log | string {
  const passing = `load balancers of ${name} pass packets through: their connections are in flow logs`;
  const lb = 'loadbalancing.googleapis.com%2F';
  switch (loadBalancingScheme) {
    case 'INTERNAL':
    case 'EXTERNAL_PASSTHROUGH':
      return passing;
    case 'INTERNAL_SELF_MANAGED':
      return `the proxies of ${name} are those of a service mesh, which log by themselves`;
    case 'INTERNAL_MANAGED':
      if (OVER_HTTP.has(protocol)) return { log: `${lb}requests`, types: ['internal_http_lb_rule'] };
      break;
    case 'EXTERNAL_MANAGED':
      if (OVER_HTTP.has(protocol))
        return region === undefined
          ? { log: 'requests', types: ['http_load_balancer'] }
          : { log: `${lb}external_regional_requests`, types: ['http_external_regional_lb_rule'] };
      break;
    default:
      if (OVER_HTTP.has(protocol)) return { log: 'requests', types: ['http_load_balancer'] };
      if (region !== undefined || !OVER_TCP.has(protocol)) return passing;
  }
  return { log: `${lb}connections`, types: ['l4_proxy_rule', 'tcp_ssl_proxy_rule'] };
}

function readService(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer, service: Service, ids: readonly number[]): void {
  const region = service.region === undefined ? undefined : service.region.split('/').at(-1);
  const at = region === undefined ? 'global' : `regions/${region}`;
  const id = service.selfLink === undefined ? `${project.id}/${at}/backendServices/${service.name}` : nameOf(evidence, service.selfLink);
  const scope = { provider: 'gcp' as const, account: project.account, ...(region === undefined ? {} : { region }), resource: id };
  paths.resource({ type: TYPE, id, scope, evidence: ids });
  const log = logOf(service);
  const none = typeof log === 'string';
  const fix = `gcloud compute backend-services update ${service.name} --project=${project.account} ${region === undefined ? '--global' : `--region=${region}`} --enable-logging --logging-sample-rate=1.0`;
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name: service.name,
    universe: selectorOf({
      resource: { equals: [id] },
      'resource.labels.project_id': { equals: [project.account] },
      'resource.labels.backend_service_name': { equals: [service.name] },
      ...(none ? {} : { logName: { equals: [`${project.id}/logs/${log.log}`] }, 'resource.type': { equals: [...log.types] } }),
    }),
    taps: none ? [] : [tapOf(paths, project, service, id, scope, fix, ids)],
    evidence: ids,
    ...(none ? { notApplicable: log } : {}),
  });
}

function tapOf(
  paths: PathsBuilder,
  project: GcpContainer,
  { name, logConfig }: Service,
  id: string,
  scope: Parameters<PathsBuilder['finding']>[1],
  fix: string,
  ids: readonly number[],
): Edge {
  const tap = { id: `${SOURCE}|${id}`, label: `request logs of backend service ${name}`, fix, evidence: ids };
  if (!logConfig?.enable) return offTap(project.id, { ...tap, why: 'logConfig.enable is not set' });
  const rate = Math.min(1, Math.max(0, logConfig.sampleRate ?? 1));
  if (rate === 0) return offTap(project.id, { ...tap, why: 'logConfig.sampleRate is 0' });
  if (rate < 1) {
    const message = `${tap.label} keep ${Math.round(rate * 1000) / 10} % of the requests (sampleRate ${rate}), Cloud Armor's decisions among them`;
    paths.finding(SOURCE, scope, { kind: 'sampled', dimension: 'consistency', severity: 'medium', message, evidence: [...ids] });
  }
  const optional = own(
    { INCLUDE_ALL_OPTIONAL: undefined, CUSTOM: [...REQUIRED, ...logConfig.optionalFields] },
    logConfig.optionalMode ?? '',
  );
  const fields = logConfig.optionalMode === 'INCLUDE_ALL_OPTIONAL' ? undefined : (optional ?? REQUIRED);
  return toRouter(project.id, {
    ...tap,
    latency: 60,
    ...(rate < 1 ? { sampling: rate } : {}),
    ...(fields === undefined ? {} : { fields }),
  });
}

/** Requests that backend buckets answer are always logged. */
function readBucket(
  evidence: EvidenceView,
  paths: PathsBuilder,
  project: GcpContainer,
  bucket: z.infer<typeof Bucket>,
  ids: readonly number[],
): void {
  const id = bucket.selfLink === undefined ? `${project.id}/global/backendBuckets/${bucket.name}` : nameOf(evidence, bucket.selfLink);
  const scope = { provider: 'gcp' as const, account: project.account, resource: id };
  paths.resource({ type: TYPE, id, scope, evidence: ids });
  paths.emitter({
    id: `${SOURCE}|${id}`,
    sources: [SOURCE],
    scope,
    name: bucket.name,
    universe: selectorOf({
      resource: { equals: [id] },
      'resource.labels.project_id': { equals: [project.account] },
      logName: { equals: [`${project.id}/logs/requests`] },
      'resource.type': { equals: ['http_load_balancer'] },
    }),
    taps: [
      toRouter(project.id, { id: `${SOURCE}|${id}`, label: `request logs of backend bucket ${bucket.name}`, latency: 60, evidence: ids }),
    ],
    evidence: ids,
  });
}
