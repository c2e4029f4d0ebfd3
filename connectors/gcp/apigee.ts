import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { EVERYTHING } from '../../src/events/classes.ts';
import * as strings from '../../src/events/strings.ts';
import type { PathsBuilder } from '../../src/paths/builder.ts';
import type { Edge } from '../../src/paths/graph.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { ownLogs } from './audited.ts';
import { openProjects, PAGES, unseenTap } from './lists.ts';
import type { GcpContainer } from './places.ts';
import { argument } from './places.ts';

const SOURCE = 'gcp.apigee';
const LIST = 'apigee:organizations.deployments.list';
const REVISION = 'apigee:organizations.apis.revisions.get';

const Deployments = z.object({
  deployments: z
    .array(z.object({ environment: z.string().default(''), apiProxy: z.string().default(''), revision: z.string().default('') }))
    .default([]),
});
const Revision = z.object({ policies: z.array(z.string()).default([]) });

/**
 * Apigee: a proxy logs its requests where a MessageLogging policy of its bundle, or a shared flow, says so. The API names the policies and not their
 * kinds, so that it is not known for any proxy.
 * https://docs.cloud.google.com/apigee/docs/api-platform/reference/policies/message-logging-policy
 */
export const apigee: Collector = {
  id: 'apigee',
  provider: 'gcp',
  service: 'Apigee',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [LIST]: {
      permission: 'apigee.deployments.list',
      url: 'GET https://apigee.googleapis.com/v1/{+parent}/deployments',
      pages: PAGES,
      why: 'which proxies are deployed, and where',
      per: 'account',
    },
    [REVISION]: {
      permission: 'apigee.proxyrevisions.get',
      url: 'GET https://apigee.googleapis.com/v1/{+name}',
      why: 'the names of the policies of a proxy: one may log its requests',
      per: 'resource',
    },
  },
  doc: 'https://docs.cloud.google.com/apigee/docs/reference/apis/apigee/rest/v1/organizations.deployments/list',

  async collect(cell) {
    if (cell.account.includes('/')) return;
    // An organization of Apigee has the name of its project.
    const parent = `organizations/${cell.account}`;
    const answer = await cell.ask(LIST, { parent });
    const seen = new Set<string>();
    for (const page of answer.pages) {
      const read = Deployments.safeParse(page);
      for (const { apiProxy, revision } of read.success ? read.data.deployments : []) {
        const name = `${parent}/apis/${apiProxy}/revisions/${revision}`;
        if (apiProxy === '' || revision === '' || seen.has(name)) continue;
        seen.add(name);
        await cell.ask(REVISION, { name });
      }
    }
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) readProject(evidence, paths, project);
  },
};

function readProject(evidence: EvidenceView, paths: PathsBuilder, project: GcpContainer): void {
  const parents = new Set([`organizations/${project.account}`, `organizations/${project.number}`]);
  const answers = evidence
    .calls(`gcp/${LIST}`, Deployments, { account: project.account })
    .filter(({ args }) => parents.has(argument(args, 'parent')));
  const answer = answers.find((one) => one.unknown === undefined) ?? answers[0];
  const scope = { provider: 'gcp' as const, account: project.account };
  const ids = answer?.ids ?? [];
  const base = {
    id: `${SOURCE}|${project.id}`,
    sources: [SOURCE],
    scope,
    name: project.account,
    universe: EVERYTHING,
    taps: [],
    evidence: ids,
  };
  if (answer?.error?.code === 'SERVICE_DISABLED') {
    paths.emitter({ ...base, notApplicable: `the Apigee API is switched off in ${project.account}, so nothing of it exists there` });
    return;
  }
  if (answer?.error?.code === 'NOT_FOUND' || answer?.error?.status === 404) {
    paths.emitter({ ...base, notApplicable: `${project.account} has no organization of Apigee` });
    return;
  }
  if (!answer || answer.unknown) {
    const unknown = answer?.unknown ?? evidence.unknownOf(`gcp/${LIST}`, project.account, 'NotAsked', []);
    paths.blind({ sources: [SOURCE], scope, unknowns: [{ ...unknown, on: project.account }], evidence: ids });
  }
  for (const one of answer?.pages.flatMap((page) => page.deployments) ?? []) {
    if (one.apiProxy === '') continue;
    const id = `//apigee.googleapis.com/organizations/${project.account}/environments/${one.environment}/apis/${one.apiProxy}`;
    paths.emitter({
      id: `${SOURCE}|${id}`,
      sources: [SOURCE],
      scope: { ...scope, resource: id },
      name: one.apiProxy,
      universe: [
        new Map([
          ['resource', strings.equalTo([id])],
          ['logName', ownLogs(paths, project.id)],
        ]),
      ],
      taps: [proxyTap(evidence, project, one, id, ids)],
      evidence: ids,
    });
  }
}

function proxyTap(
  evidence: EvidenceView,
  project: GcpContainer,
  one: { readonly apiProxy: string; readonly revision: string },
  id: string,
  ids: readonly number[],
): Edge {
  const name = `organizations/${project.account}/apis/${one.apiProxy}/revisions/${one.revision}`;
  const answer = evidence.call(`gcp/${REVISION}`, Revision, { account: project.account, args: { name } }, one.apiProxy);
  const named = answer.pages.flatMap((page) => page.policies);
  return unseenTap(project.id, {
    id: `${SOURCE}|${id}`,
    label: `MessageLogging policy of ${one.apiProxy}`,
    unknowns: [
      answer.unknown ?? {
        call: 'MessageLogging policy',
        permission: `a look into the bundle of the proxy and into shared flows: the API tells no more than the names of the policies${named.length > 0 ? ` (${named.slice(0, 5).join(', ')})` : ''}`,
        on: one.apiProxy,
        code: 'NotInAnApi',
        evidence: [...ids, ...answer.ids],
      },
    ],
  });
}
