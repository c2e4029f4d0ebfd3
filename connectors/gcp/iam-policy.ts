import { z } from 'zod';
import type { Unknown } from '../../src/model/assessment.ts';
import type { EvidenceView } from '../../src/store/view.ts';
import { accountOf, callsAbout, type GcpContainer } from './places.ts';

/** A role given to members; with a condition it may not hold for every call. */
export const Binding = z.object({
  role: z.string().default(''),
  members: z.array(z.string()).default([]),
  condition: z.unknown().optional(),
});
export type Binding = z.infer<typeof Binding>;

const LOG_TYPES: Readonly<Record<number, string>> = { 1: 'ADMIN_READ', 2: 'DATA_WRITE', 3: 'DATA_READ' };

export const Policy = z.object({
  bindings: z.array(Binding).default([]),
  auditConfigs: z
    .array(
      z.object({
        service: z.string(),
        auditLogConfigs: z
          .array(
            z.object({
              logType: z.union([z.string(), z.number().transform((value) => LOG_TYPES[value] ?? '')]).default(''),
              exemptedMembers: z.array(z.string()).default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});
export type Policy = z.infer<typeof Policy>;

export interface PolicyAnswer {
  readonly policy: Policy | undefined;
  readonly unknown: Unknown | undefined;
  readonly evidence: readonly number[];
}

const answers = new WeakMap<EvidenceView, Map<string, PolicyAnswer>>();

/** The IAM policy of a project, folder or organization, as `getIamPolicy` answered it. */
export function policyOf(evidence: EvidenceView, container: GcpContainer): PolicyAnswer {
  let known = answers.get(evidence);
  if (!known) answers.set(evidence, (known = new Map()));
  let answer = known.get(container.id);
  if (!answer) known.set(container.id, (answer = read(evidence, container)));
  return answer;
}

function read(evidence: EvidenceView, container: GcpContainer): PolicyAnswer {
  const op = `gcp/cloudresourcemanager:${container.type}s.getIamPolicy`;
  const all = callsAbout(evidence, op, Policy, container.id);
  // An answer counts before a refusal, wherever it was given.
  const answer = all.find((one) => one.unknown === undefined) ?? all[0];
  if (!answer) return { policy: undefined, unknown: evidence.unknownOf(op, accountOf(container.id), 'NotAsked', []), evidence: [] };
  const unknown = answer.unknown && { ...answer.unknown, on: accountOf(container.id) };
  return { policy: unknown ? undefined : answer.pages[0], unknown, evidence: answer.ids };
}
