import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import { selectorOf } from '../../src/events/classes.ts';
import { listed, listOf, noteList, openProjects, PAGES, toRouter } from './lists.ts';

const SOURCE = 'gcp.cloudrun';
const SERVICES = 'run:projects.locations.services.list';
const FUNCTIONS = 'cloudfunctions:projects.locations.functions.list';
const APPS = 'appengine:apps.services.list';

/** As the Knative API answers it: the location is a label. */
const Service = z.object({ metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }) });
const Services = listed('items', Service);
const CloudFunction = z.object({ name: z.string(), environment: z.string().optional() });
const Functions = listed('functions', CloudFunction);
const App = z.object({ id: z.string() });
const Apps = listed('services', App);

/** Something that runs, and the logs that the platform takes of it. */
interface Runner {
  readonly type: 'gcp.cloudrun.service' | 'gcp.functions' | 'gcp.appengine';
  readonly id: string;
  readonly name: string;
  readonly region: string | undefined;
  readonly resourceType: string;
  readonly labels: Readonly<Record<string, { equals: string[] }>>;
  readonly logs: readonly string[];
}

/**
 * Cloud Run, Cloud Functions and App Engine: the platform writes requests and what the code prints to Cloud Logging, always.
 * https://docs.cloud.google.com/run/docs/logging
 */
export const cloudRun: Collector = {
  id: 'cloud-run',
  provider: 'gcp',
  service: 'Cloud Run',
  informs: [SOURCE],
  runs: 'account',
  phase: 'sources',
  calls: {
    [SERVICES]: {
      permission: 'run.services.list',
      url: 'GET https://run.googleapis.com/v1/{+parent}/services',
      pages: PAGES,
      why: 'the services whose requests and output are logged',
      per: 'account',
    },
    [FUNCTIONS]: {
      permission: 'cloudfunctions.functions.list',
      url: 'GET https://cloudfunctions.googleapis.com/v2/{+parent}/functions',
      pages: PAGES,
      why: 'functions of the first generation, which are no services of Cloud Run',
      per: 'account',
    },
    [APPS]: {
      permission: 'appengine.services.list',
      url: 'GET https://appengine.googleapis.com/v1/apps/{appsId}/services',
      pages: PAGES,
      why: 'the services of App Engine',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/run/docs/logging',

  async collect(cell) {
    if (cell.account.includes('/')) return;
    const parent = `projects/${cell.account}/locations/-`;
    await cell.ask(SERVICES, { parent });
    await cell.ask(FUNCTIONS, { parent });
    await cell.ask(APPS, { appsId: cell.account });
  },

  read(evidence, paths) {
    for (const project of openProjects(evidence)) {
      const services = listOf(evidence, SERVICES, Services, project.id);
      const functions = listOf(evidence, FUNCTIONS, Functions, project.id);
      const apps = listOf(evidence, APPS, Apps, project.id);
      // A project without an App Engine application is answered as one that is not there.
      const noApp = apps.unknown !== undefined && /^(NOT_FOUND|404|5)$/.test(apps.unknown.code);
      noteList(paths, [SOURCE], project, services, 'Cloud Run');
      for (const list of [functions, ...(noApp ? [] : [apps])]) {
        if (!list.off) noteList(paths, [SOURCE], project, list, 'Cloud Run');
      }
      const runners: (Runner & { readonly ids: readonly number[] })[] = [
        ...services.items.map(({ metadata: { name, labels } }) => {
          const location = labels['cloud.googleapis.com/location'];
          return {
            type: 'gcp.cloudrun.service' as const,
            id: `//run.googleapis.com/${project.id}/locations/${location ?? '-'}/services/${name}`,
            name,
            region: location,
            resourceType: 'cloud_run_revision',
            labels: { service_name: { equals: [name] }, ...(location === undefined ? {} : { location: { equals: [location] } }) },
            logs: [
              'run.googleapis.com%2Frequests',
              'run.googleapis.com%2Fstdout',
              'run.googleapis.com%2Fstderr',
              'run.googleapis.com%2Fvarlog%2Fsystem',
            ],
            ids: services.ids,
          };
        }),
        ...functions.items
          .filter(({ environment }) => environment !== 'GEN_2')
          .map(({ name }) => {
            const [, location, short = name] = /\/locations\/([^/]+)\/functions\/([^/]+)$/.exec(name) ?? [];
            return {
              type: 'gcp.functions' as const,
              id: `//cloudfunctions.googleapis.com/${project.id}/locations/${location ?? '-'}/functions/${short}`,
              name: short,
              region: location,
              resourceType: 'cloud_function',
              labels: { function_name: { equals: [short] }, ...(location === undefined ? {} : { region: { equals: [location] } }) },
              logs: ['cloudfunctions.googleapis.com%2Fcloud-functions'],
              ids: functions.ids,
            };
          }),
        ...apps.items.map(({ id }) => ({
          type: 'gcp.appengine' as const,
          id: `//appengine.googleapis.com/apps/${project.account}/services/${id}`,
          name: id,
          region: undefined,
          resourceType: 'gae_app',
          labels: { module_id: { equals: [id] } },
          logs: ['appengine.googleapis.com%2Frequest_log', 'stdout', 'stderr'],
          ids: apps.ids,
        })),
      ];
      for (const { type, id, name, region, resourceType, labels, logs, ids } of runners) {
        const scope = { provider: 'gcp' as const, account: project.account, ...(region === undefined ? {} : { region }), resource: id };
        paths.resource({ type, id, scope, evidence: ids });
        paths.emitter({
          id: `${SOURCE}|${id}`,
          sources: [SOURCE],
          scope,
          name,
          universe: selectorOf({
            resource: { equals: [id] },
            logName: { equals: logs.map((log) => `${project.id}/logs/${log}`) },
            'resource.type': { equals: [resourceType] },
            // Only App Engine has a message of its own for requests.
            ...(type === 'gcp.appengine' ? {} : { payload: { equals: ['', 'text', 'json'] } }),
            'resource.labels.project_id': { equals: [project.account] },
            ...Object.fromEntries(Object.entries(labels).map(([label, one]) => [`resource.labels.${label}`, one])),
          }),
          taps: [
            toRouter(project.id, {
              id: `${SOURCE}|${project.id}`,
              label: 'logs that the platform always writes',
              latency: 60,
              evidence: [],
            }),
          ],
          evidence: ids,
        });
      }
    }
  },
};
