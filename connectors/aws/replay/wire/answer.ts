import type { CallError } from '../../../../src/model/evidence.ts';
import { toJson, writeTime } from './json.ts';
import type { Recognised } from './request.ts';
import { elementOf, escapeXml, membersToXml } from './xml.ts';

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const REQUEST_ID = '00000000-0000-4000-8000-000000000000';

/** A recorded body as the API would send it. */
export function writeBody(asked: Recognised, body: unknown): WireAnswer {
  const { api, operation } = asked;
  const fields = (body ?? {}) as Record<string, unknown>;
  const status = Number((operation?.traits.http as unknown[] | undefined)?.[2] ?? 200);
  const headers: Record<string, string> = {
    'content-type': api?.contentType ?? 'application/x-amz-json-1.1',
    'x-amzn-requestid': REQUEST_ID,
  };
  if (!api || !operation) return { status, headers, body: JSON.stringify(fields) };
  if (api.protocol === 'json') return { status, headers, body: JSON.stringify(toJson(operation.output, fields, false)) };
  if (api.protocol === 'ec2') {
    const xml = `<requestId>${REQUEST_ID}</requestId>${membersToXml(operation.output, fields)}`;
    return { status, headers, body: document(`${operation.name}Response`, api.namespace, xml) };
  }
  if (api.protocol === 'query') {
    const xml = `<${operation.name}Result>${membersToXml(operation.output, fields)}</${operation.name}Result><ResponseMetadata><RequestId>${REQUEST_ID}</RequestId></ResponseMetadata>`;
    return { status, headers, body: document(`${operation.name}Response`, api.namespace, xml) };
  }
  for (const [name, member] of operation.output.members) {
    const value = fields[name];
    if (typeof member.traits.httpHeader !== 'string' || value === undefined || value === null) continue;
    const text = member.kind === 'timestamp' ? writeTime(value, member.format ?? 'http-date') : value;
    headers[member.traits.httpHeader.toLowerCase()] = String(text).replace(/[\r\n]/g, ' ');
  }
  const payload = [...operation.output.members].find(([, member]) => member.traits.httpPayload !== undefined);
  if (api.protocol === 'rest-json') {
    if (!payload) return { status, headers, body: JSON.stringify(toJson(operation.output, fields, true)) };
    return {
      status,
      headers,
      body: payload[1].kind === 'struct' ? JSON.stringify(toJson(payload[1], fields[payload[0]], true)) : String(fields[payload[0]] ?? ''),
    };
  }
  if (payload) {
    const [name, member] = payload;
    const value = fields[name];
    if (member.kind !== 'struct') return { status, headers, body: String(value ?? '') };
    const root = String(member.traits.xmlName ?? member.name);
    return { status, headers, body: value === undefined ? '' : `${PROLOGUE}${elementOf(root, member, value)}` };
  }
  // One S3 answer is its own root element: <LocationConstraint>eu-west-1</LocationConstraint>.
  if (operation.name === 'GetBucketLocation')
    return { status, headers, body: document('LocationConstraint', api.namespace, escapeXml(String(fields.LocationConstraint ?? ''))) };
  const root = String(operation.output.traits.xmlName ?? operation.output.name);
  return { status, headers, body: document(root, api.namespace, membersToXml(operation.output, fields)) };
}

const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';

function document(root: string, namespace: string | undefined, inner: string): string {
  return `${PROLOGUE}<${root}${namespace ? ` xmlns="${namespace}"` : ''}>${inner}</${root}>`;
}

/** A recorded error in the shape that the service's protocol gives errors. */
export function writeError(asked: Pick<Recognised, 'service' | 'api'>, error: CallError): WireAnswer {
  const protocol = asked.api?.protocol ?? 'json';
  const status = error.status ?? statusOf(error.code, protocol);
  const contentType = asked.api?.contentType ?? 'application/x-amz-json-1.1';
  const headers: Record<string, string> = { 'content-type': contentType, 'x-amzn-requestid': REQUEST_ID };
  const sender = status < 500 ? 'Sender' : 'Receiver';
  const fields = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  if (protocol === 'json') return { status, headers, body: JSON.stringify({ __type: error.code, message: error.message }) };
  if (protocol === 'rest-json')
    return {
      status,
      headers: { ...headers, 'x-amzn-errortype': error.code.replace(/[^\x20-\x7E]/g, '?') },
      body: JSON.stringify({ message: error.message }),
    };
  if (protocol === 'ec2')
    return {
      status,
      headers,
      body: `${PROLOGUE}<Response><Errors><Error>${fields}</Error></Errors><RequestID>${REQUEST_ID}</RequestID></Response>`,
    };
  if (asked.service === 's3') return { status, headers, body: `${PROLOGUE}<Error>${fields}<RequestId>${REQUEST_ID}</RequestId></Error>` };
  return {
    status,
    headers,
    body: `${PROLOGUE}<ErrorResponse><Error><Type>${sender}</Type>${fields}</Error><RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`,
  };
}

/** The HTTP status that goes with a code where the record has none. */
function statusOf(code: string, protocol: string): number {
  if (/InternalFailure|InternalError|ServerException|InternalServer/i.test(code)) return 500;
  if (/ServiceUnavailable|SlowDown/i.test(code)) return 503;
  if (/Throttl|TooManyRequests|RequestLimitExceeded/i.test(code)) return protocol === 'rest-json' ? 429 : 400;
  if (/AccessDenied|Unauthorized|Forbidden|AuthFailure/i.test(code)) return protocol === 'json' ? 400 : 403;
  if (/^NoSuch|NotFound/.test(code) && protocol !== 'json' && protocol !== 'ec2') return 404;
  return 400;
}
