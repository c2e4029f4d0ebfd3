import { z } from 'zod';
import type { Collector } from '../../src/collect/collector.ts';
import type { EvidenceView } from '../../src/store/view.ts';

const Jobs = z.object({
  jobs: z
    .array(
      z.object({
        name: z.string().default(''),
        currentState: z.string().optional(),
        environment: z
          .object({ sdkPipelineOptions: z.object({ options: z.record(z.string(), z.unknown()).default({}) }).optional() })
          .optional(),
      }),
    )
    .default([]),
});

/** A job that reads a subscription, and where it writes to as its options say. */
export interface ForwardingJob {
  readonly name: string;
  /** `https://splunk.example.com:8088`, `card-vault:logs.events`; undefined: its options do not say. */
  readonly target: string | undefined;
  readonly evidence: readonly number[];
}

/**
 * Dataflow jobs that read a subscription of a sink's topic and write on, to Splunk for one.
 * https://docs.cloud.google.com/dataflow/docs/guides/templates/provided-streaming
 */
export const dataflowJobs: Collector = {
  id: 'dataflow-jobs',
  provider: 'gcp',
  service: 'Dataflow',
  informs: ['pipe.gcp.dataflow'],
  runs: 'account',
  phase: 'stores',
  calls: {
    'dataflow:projects.jobs.aggregated': {
      permission: 'dataflow.jobs.list',
      url: 'GET https://dataflow.googleapis.com/v1b3/projects/{projectId}/jobs:aggregated',
      pages: { from: 'nextPageToken', to: 'pageToken' },
      why: 'which jobs take entries from the subscriptions of a topic, and where they write to',
      per: 'account',
    },
  },
  doc: 'https://docs.cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs/aggregated',

  async collect(cell) {
    if (!cell.wanted.some((one) => one.kind === 'pubsub')) return;
    await cell.ask('dataflow:projects.jobs.aggregated', { projectId: cell.account, filter: 'ACTIVE', view: 'JOB_VIEW_ALL' });
  },

  // A job is shown where a subscription leads to it.
  read() {},
};

/** The running job that reads the subscription (`projects/P/subscriptions/S`), where one is shown. */
export function jobReading(evidence: EvidenceView, subscription: string): ForwardingJob | undefined {
  for (const answer of evidence.calls('gcp/dataflow:projects.jobs.aggregated', Jobs)) {
    for (const job of answer.pages.flatMap((page) => page.jobs)) {
      const options = job.environment?.sdkPipelineOptions?.options ?? {};
      if (job.currentState !== 'JOB_STATE_RUNNING' || options.inputSubscription !== subscription) continue;
      const target = [options.url, options.outputTableSpec, options.outputTopic, options.outputDirectory].find(
        (one) => typeof one === 'string',
      );
      return { name: job.name, target: target as string | undefined, evidence: answer.ids };
    }
  }
  return undefined;
}
