import type { Outcome } from '../../src/collect/provider.ts';
import type { CallError } from '../../src/model/evidence.ts';

/** An HTTP answer that was an error, as it came over the wire. */
export interface RawError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const MAX_MESSAGE = 8192;
/** Names that say nothing: what the SDK throws when it cannot read an answer. */
const NAMELESS = /^(Error|SyntaxError|TypeError|Unknown|UnknownError|UnknownServiceError|ServiceException|.*ServiceException)$/;
const NETWORK =
  /^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|HPE_)/;

/**
 * What was thrown, as the provider said it. The exception's name is believed only if the SDK could read the answer; else the code is read from the
 * raw answer (a JSON service that is refused in XML, a load balancer's HTML), and failing that told by the HTTP status.
 */
export function callErrorOf(thrown: unknown, raw: RawError | undefined): CallError {
  const error = (thrown ?? {}) as {
    name?: unknown;
    Code?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number };
    cause?: unknown;
  };
  const message = typeof error.message === 'string' ? error.message : String(thrown);
  // An answer that breaks off half way has a status, and is still a fault of the network.
  const broken = error.name === 'TimeoutError' || NETWORK.test(networkCode(error) ?? '');
  const status = broken ? undefined : (raw?.status ?? error.$metadata?.httpStatusCode);
  if (status === undefined) {
    const code = networkCode(error) ?? (typeof error.name === 'string' && error.name !== 'Error' ? error.name : 'NoAnswer');
    return { code, message: message.slice(0, MAX_MESSAGE) };
  }
  const named = [error.Code, error.name].find((name): name is string => typeof name === 'string' && name !== '' && !NAMELESS.test(name));
  if (named !== undefined) return { code: named, message: message.slice(0, MAX_MESSAGE), status };
  const said = raw && readRaw(raw);
  if (said?.code !== undefined) return { code: said.code, message: (said.message ?? '').slice(0, MAX_MESSAGE), status };
  const readable =
    typeof error.name === 'string' && !/^(SyntaxError|TypeError|Error)$/.test(error.name) && !/^Unknown(Error)?$/.test(message);
  return {
    code: codeOfStatus(status),
    message: readable ? message.slice(0, MAX_MESSAGE) : `HTTP ${status}, and the answer is not in the service's format`,
    status,
  };
}

function networkCode(error: { code?: unknown; name?: unknown; cause?: unknown }): string | undefined {
  if (typeof error.code === 'string') return error.code;
  const errors = (error as { errors?: unknown }).errors;
  if (Array.isArray(errors) && errors.length > 0) return networkCode(errors[0] as { code?: unknown });
  return error.cause && typeof error.cause === 'object' ? networkCode(error.cause as { code?: unknown }) : undefined;
}

function codeOfStatus(status: number): string {
  if (status === 401) return 'Unauthorized';
  if (status === 403) return 'AccessDenied';
  if (status === 404) return 'NotFound';
  if (status === 429) return 'TooManyRequests';
  if (status >= 500) return 'ServerError';
  if (status >= 400) return 'BadRequest';
  return status >= 300 ? 'Redirect' : 'UnreadableAnswer';
}

function readRaw(raw: RawError): { code?: string; message?: string } {
  const type = raw.headers['x-amzn-errortype'];
  const text = raw.text.trimStart();
  if (text.startsWith('{')) {
    const body = parsed(text);
    const code = [type, body.__type, body.code, body.Code].find((one): one is string => typeof one === 'string' && one !== '');
    const message = [body.message, body.Message].find((one): one is string => typeof one === 'string');
    return { ...(code === undefined ? {} : { code: bare(code) }), ...(message === undefined ? {} : { message }) };
  }
  const code = /<Code>\s*([^<\s]{1,256})\s*<\/Code>/.exec(text)?.[1];
  if (code !== undefined && !/<html/i.test(text)) {
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
    return { code, ...(message === undefined ? {} : { message: unescaped(message) }) };
  }
  return type === undefined ? {} : { code: bare(type) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `com.amazonaws.cloudtrail#AccessDenied:http://…` is `AccessDenied`. */
function bare(code: string): string {
  return (code.split('#').at(-1) ?? code).split(/[:,]/)[0] ?? code;
}

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name] ?? '');
}

const THROTTLED =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown|BandwidthLimitExceeded|LimitExceededException$|PriorRequestNotComplete|EC2ThrottledException|ProvisionedThroughputExceeded)/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired|CredentialsProviderError|TokenProviderError)$/;
const DISABLED_REGION =
  /^(UnrecognizedClient|UnrecognizedClientException|InvalidClientTokenId|AuthFailure|InvalidToken|RegionDisabledException)$/;
const NOT_SIGNED_UP = /^(SubscriptionRequired|OptInRequired|NotSignedUp|AccountProblem$|InvalidAccessException$)/;
const SUSPENDED = /^(AccountSuspended|AccountProblem|UserSuspended|AWSAccountSuspended|Blocked|AllAccessDisabled|PendingVerification)/;
const DENIED =
  /AccessDenied|AuthorizationError|Unauthorized|NotAuthorized|Forbidden|^AuthorizationHeaderMalformed$|^InvalidAccessKeyId$|^SignatureDoesNotMatch$|^AccountNotReached$/;

/** What an error means for the scan, by provider code, message and HTTP status. */
export function outcomeOf(error: CallError): Outcome {
  const { code, message, status } = error;
  if (
    THROTTLED.test(code) ||
    status === 429 ||
    (status === 503 && /slow ?down|rate exceeded/i.test(`${code} ${message}`)) ||
    /^Rate exceeded/i.test(message)
  )
    return 'throttled';
  if (status === undefined && (NETWORK.test(code) || /^(TimeoutError|NoAnswer|AbortError|RequestTimeout)$/.test(code)))
    return 'unreachable';
  if (EXPIRED.test(code)) return 'expired';
  if (SUSPENDED.test(code) || /account (is|has been) (currently )?(suspended|closed|blocked)/i.test(message)) return 'suspended';
  if (NOT_SIGNED_UP.test(code) || /needs a subscription for the service|not subscribed to|not signed up/i.test(message))
    return 'not-signed-up';
  if (DISABLED_REGION.test(code) || /region .{0,40}(is )?(disabled|not enabled|not opted in)/i.test(message)) return 'region-disabled';
  if (DENIED.test(code) || status === 401 || status === 403) return 'denied';
  if (status !== undefined && status >= 500) return 'server-error';
  if (code === 'RequestTimeout' || code === 'RequestTimeoutException') return 'unreachable';
  return 'other';
}
