import { z } from 'zod';
import type { Outcome } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';
import { own } from '../../src/model/own.ts';

/** An HTTP answer that was an error, as it came over the wire. */
export interface RawError {
  readonly status: number;
  readonly text: string;
}

/** Whom a call was made for: the project that a service has to be enabled in is told by its id or its number. */
export interface Asked {
  /** `card-vault`, `organizations/1`. */
  readonly account: string;
  /** The project's number, where it is known. */
  readonly number?: string | undefined;
}

const MAX_MESSAGE = 8192;

/** The numbers of gRPC, which some transports answer with. https://grpc.io/docs/guides/status-codes/ */
const GRPC: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Reasons that tell more than the status, which is PERMISSION_DENIED for most. https://docs.cloud.google.com/apis/design/errors#error_info */
const TELLING = new Set([
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  'ACCESS_TOKEN_EXPIRED',
  'CREDENTIALS_MISSING',
  'BILLING_DISABLED',
  'CONSUMER_SUSPENDED',
  'CONSUMER_INVALID',
  'USER_PROJECT_DENIED',
  'SECURITY_POLICY_VIOLATED',
  'RATE_LIMIT_EXCEEDED',
  'ORG_RESTRICTION_VIOLATION',
]);

/** Reasons of the older error format, by the status that the newer one has for them. */
const OLDER: Readonly<Record<string, string>> = {
  accessNotConfigured: 'SERVICE_DISABLED',
  authError: 'UNAUTHENTICATED',
  backendError: 'UNAVAILABLE',
  forbidden: 'PERMISSION_DENIED',
  insufficientPermissions: 'PERMISSION_DENIED',
  notFound: 'NOT_FOUND',
  quotaExceeded: 'RESOURCE_EXHAUSTED',
  rateLimitExceeded: 'RESOURCE_EXHAUSTED',
  required: 'INVALID_ARGUMENT',
  userRateLimitExceeded: 'RESOURCE_EXHAUSTED',
};

const Detail = z.looseObject({
  reason: z.string().optional().catch(undefined),
  metadata: z.record(z.string(), z.string()).optional().catch(undefined),
  violations: z
    .array(z.looseObject({ type: z.string().optional().catch(undefined) }))
    .optional()
    .catch(undefined),
});
/** Both error formats of Google's REST APIs in one. https://docs.cloud.google.com/apis/design/errors#http_mapping */
const ErrorBody = z.looseObject({
  error: z.union([
    z.string(),
    z.looseObject({
      code: z.union([z.number(), z.string()]).optional().catch(undefined),
      message: z.string().optional().catch(undefined),
      status: z.string().optional().catch(undefined),
      details: z.array(Detail).optional().catch(undefined),
      errors: z
        .array(z.looseObject({ reason: z.string().optional().catch(undefined) }))
        .optional()
        .catch(undefined),
    }),
  ]),
});

/** The API is off in a project that is not the one asked, but the one that the call is counted against: it says nothing of the one asked. */
export const OTHER_PROJECT_DISABLED = 'SERVICE_DISABLED_IN_QUOTA_PROJECT';

/** An error answer as the provider said it: its `status` or, where that tells more, its reason. */
export function callErrorOf(raw: RawError, asked: Asked): CallError {
  const body = ErrorBody.safeParse(parsed(raw.text));
  const error = body.success ? body.data.error : undefined;
  if (error === undefined) {
    const html = /^\s*<(!doctype|html)/i.test(raw.text);
    return {
      code: statusName(raw.status),
      message: `HTTP ${raw.status}, and the answer is ${raw.text.trim() === '' ? 'empty' : html ? 'an HTML page; is there a proxy in the way?' : "not in Google's error format"}`,
      status: raw.status,
    };
  }
  if (typeof error === 'string') return { code: error.slice(0, 200), message: raw.text.slice(0, MAX_MESSAGE), status: raw.status };
  const message = (error.message ?? '').slice(0, MAX_MESSAGE);
  return { code: codeOf(error, message, raw.status, asked), message, status: raw.status };
}

function codeOf(error: Exclude<z.infer<typeof ErrorBody>['error'], string>, message: string, status: number, asked: Asked): string {
  const details = error.details ?? [];
  const older = (error.errors ?? []).map((one) => one.reason ?? '').find((reason) => reason in OLDER);
  const disabled = details.find((detail) => detail.reason === 'SERVICE_DISABLED');
  if (disabled || (older !== undefined && own(OLDER, older) === 'SERVICE_DISABLED')) {
    return isOf(asked, disabled?.metadata?.consumer ?? consumerIn(message)) ? 'SERVICE_DISABLED' : OTHER_PROJECT_DISABLED;
  }
  if (details.some((detail) => detail.violations?.some((one) => one.type === 'VPC_SERVICE_CONTROLS'))) return 'SECURITY_POLICY_VIOLATED';
  const reason = details.map((detail) => detail.reason ?? '').find((one) => TELLING.has(one));
  if (reason !== undefined) return reason;
  const named = nameOf(error.status) ?? (older === undefined ? undefined : own(OLDER, older));
  return named ?? (Number(error.code) < 100 ? nameOf(error.code) : undefined) ?? statusName(status);
}

/** `7`, `"7"` and `PERMISSION_DENIED` are one. */
function nameOf(code: string | number | undefined): string | undefined {
  if (code === undefined || code === '') return undefined;
  return /^\d+$/.test(String(code)) ? GRPC[Number(code)] : String(code).slice(0, 200);
}

/** Whether the project in an error is the one that was asked; that of an organization or folder never is. */
function isOf(asked: Asked, consumer: string | undefined): boolean {
  const project = consumer?.replace(/^projects\//, '');
  return project !== undefined && project !== '' && (project === asked.account || project === asked.number);
}

/** `Compute Engine API has not been used in project 481200000011 before or it is disabled.` */
function consumerIn(message: string): string | undefined {
  return / in project ([\w:.-]{1,64}) before or it is disabled/.exec(message)?.[1];
}

function statusName(status: number): string {
  if (status === 400) return 'INVALID_ARGUMENT';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'PERMISSION_DENIED';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'RESOURCE_EXHAUSTED';
  if (status === 500) return 'INTERNAL';
  if (status === 504) return 'DEADLINE_EXCEEDED';
  if (status >= 500) return 'UNAVAILABLE';
  return status >= 300 && status < 400 ? 'Redirect' : 'UNKNOWN';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A fault below HTTP: no answer, or one that broke off. */
export function networkErrorOf(thrown: unknown): CallError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: networkCode(thrown, 0) ?? 'NoAnswer', message: message.slice(0, MAX_MESSAGE) };
}

function networkCode(thrown: unknown, depth: number): string | undefined {
  if (thrown === null || typeof thrown !== 'object' || depth > 5) return undefined;
  const { code, name, cause } = thrown as { code?: unknown; name?: unknown; cause?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  if (name === 'TimeoutError') return name;
  return networkCode(cause, depth + 1);
}

const THROTTLED = new Set(['RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED']);
const EXPIRED = new Set(['UNAUTHENTICATED', 'ACCESS_TOKEN_EXPIRED', 'CREDENTIALS_MISSING', 'CredentialsError']);
const SERVER = new Set(['INTERNAL', 'UNAVAILABLE', 'UNKNOWN', 'DEADLINE_EXCEEDED', 'ABORTED', 'CANCELLED', 'DATA_LOSS']);
const DENIED = new Set([
  'PERMISSION_DENIED',
  'IAM_PERMISSION_DENIED',
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  'SECURITY_POLICY_VIOLATED',
  'USER_PROJECT_DENIED',
  'ORG_RESTRICTION_VIOLATION',
  'CONSUMER_INVALID',
  'AccountNotReached',
  OTHER_PROJECT_DISABLED,
]);
const NETWORK =
  /^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_STREAM|HPE_|TimeoutError|NoAnswer|AbortError)/;

/** What an error means for the scan, by code, message and HTTP status; codes may be names, gRPC numbers or HTTP statuses. */
export function outcomeOf(error: CallError): Outcome {
  const code = nameOf(error.code) ?? (/^[345]\d\d$/.test(error.code) ? statusName(Number(error.code)) : error.code);
  const { status } = error;
  if (THROTTLED.has(code) || status === 429) return 'throttled';
  if (status === undefined && NETWORK.test(code)) return 'unreachable';
  // Of the project that was asked: nothing of the service is set up in it.
  if (code === 'SERVICE_DISABLED') return 'not-signed-up';
  if (EXPIRED.has(code) || status === 401) return 'expired';
  if (code === 'CONSUMER_SUSPENDED' || /(project|consumer).{0,80}has been suspended/i.test(error.message)) return 'suspended';
  if (DENIED.has(code)) return 'denied';
  if (SERVER.has(code) || (status !== undefined && status >= 500)) return 'server-error';
  return status === 403 ? 'denied' : 'other';
}
