import { describe, expect, it } from 'vitest';
import { callErrorOf, networkErrorOf, OTHER_PROJECT_DISABLED, outcomeOf } from '../../../connectors/gcp/errors.ts';
import { isRefusal } from '../../../src/store/view.ts';

const ASKED = { account: 'card-vault', number: '481200000011' };
const said = (status: number, error: unknown, asked: { account: string; number?: string } = ASKED) =>
  callErrorOf({ status, text: JSON.stringify({ error }) }, asked);
const reason = (name: string, metadata: Record<string, string> = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: name,
  domain: 'googleapis.com',
  metadata,
});

describe('an error of Google Cloud', () => {
  it.each([
    ['by its status', 403, { code: 403, message: 'm', status: 'PERMISSION_DENIED' }, 'PERMISSION_DENIED', 'denied'],
    ['by its number in gRPC', 403, { code: 7, message: 'm' }, 'PERMISSION_DENIED', 'denied'],
    ['by that number as text', 403, { code: '7', message: 'm' }, 'PERMISSION_DENIED', 'denied'],
    [
      'by the ordinary reason of IAM',
      403,
      { status: 'PERMISSION_DENIED', details: [reason('IAM_PERMISSION_DENIED')] },
      'PERMISSION_DENIED',
      'denied',
    ],
    [
      'by a reason that tells more',
      403,
      { status: 'PERMISSION_DENIED', details: [reason('ACCESS_TOKEN_SCOPE_INSUFFICIENT')] },
      'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
      'denied',
    ],
    [
      'by a perimeter',
      403,
      {
        status: 'PERMISSION_DENIED',
        message: 'Request is prohibited by organization’s policy.',
        details: [{ '@type': 'type.googleapis.com/google.rpc.PreconditionFailure', violations: [{ type: 'VPC_SERVICE_CONTROLS' }] }],
      },
      'SECURITY_POLICY_VIOLATED',
      'denied',
    ],
    [
      'by the older format',
      403,
      { code: 403, message: 'm', errors: [{ domain: 'global', reason: 'forbidden' }] },
      'PERMISSION_DENIED',
      'denied',
    ],
    [
      'by a quota of the older format, a 403',
      403,
      { code: 403, message: 'm', errors: [{ domain: 'usageLimits', reason: 'rateLimitExceeded' }] },
      'RESOURCE_EXHAUSTED',
      'throttled',
    ],
    [
      'by a quota',
      429,
      { code: 429, status: 'RESOURCE_EXHAUSTED', details: [reason('RATE_LIMIT_EXCEEDED')] },
      'RATE_LIMIT_EXCEEDED',
      'throttled',
    ],
    [
      'by a project to count against that may not be used',
      403,
      { status: 'PERMISSION_DENIED', details: [reason('USER_PROJECT_DENIED')] },
      'USER_PROJECT_DENIED',
      'denied',
    ],
    [
      'by a project that is suspended',
      403,
      { status: 'PERMISSION_DENIED', details: [reason('CONSUMER_SUSPENDED')] },
      'CONSUMER_SUSPENDED',
      'suspended',
    ],
    ['by a token that ran out', 401, { status: 'UNAUTHENTICATED' }, 'UNAUTHENTICATED', 'expired'],
    ['by what is not there', 404, { code: 5, message: 'm' }, 'NOT_FOUND', 'other'],
    ['by a server that is not ready', 503, { status: 'UNAVAILABLE' }, 'UNAVAILABLE', 'server-error'],
  ] as const)('is named %s', (_, status, error, code, outcome) => {
    const read = said(status, error);
    expect([read.code, read.status, outcomeOf(read)]).toEqual([code, status, outcome]);
    expect(isRefusal(read)).toBe(outcome === 'denied' || [401, 403].includes(status));
  });

  it('says that an API is off only of the project that was asked', () => {
    const disabled = (consumer: string) => ({
      code: 403,
      status: 'PERMISSION_DENIED',
      message: 'off',
      details: [reason('SERVICE_DISABLED', { consumer })],
    });
    for (const consumer of ['projects/481200000011', 'projects/card-vault']) {
      const read = said(403, disabled(consumer));
      expect([read.code, outcomeOf(read), isRefusal(read)]).toEqual(['SERVICE_DISABLED', 'not-signed-up', false]);
    }
    const others = [
      said(403, disabled('projects/764086051850')),
      said(403, disabled('')),
      said(403, disabled('projects/481200000011'), { account: 'ledger-prod' }),
      said(403, disabled('projects/481200000011'), { account: 'organizations/33' }),
    ];
    for (const read of others) expect([read.code, outcomeOf(read), isRefusal(read)]).toEqual([OTHER_PROJECT_DISABLED, 'denied', true]);
    const message =
      'Access Not Configured. Cloud SQL Admin API has not been used in project 481200000011 before or it is disabled. Enable it by visiting …';
    expect(said(403, { code: 403, message, errors: [{ reason: 'accessNotConfigured' }] }).code).toBe('SERVICE_DISABLED');
    expect(said(403, { code: 403, message: 'Access Not Configured.', errors: [{ reason: 'accessNotConfigured' }] }).code).toBe(
      OTHER_PROJECT_DISABLED,
    );
  });

  it.each([
    ['', 502, 'UNAVAILABLE', 'server-error'],
    ['<!DOCTYPE html><html>', 403, 'PERMISSION_DENIED', 'denied'],
    ['null', 429, 'RESOURCE_EXHAUSTED', 'throttled'],
    ['[{"error":{"code":403}}]', 403, 'PERMISSION_DENIED', 'denied'],
    ['{"error":{"code":{},"details":7,"errors":"x","message":[]}}', 500, 'INTERNAL', 'server-error'],
  ])('is told by the HTTP status where the answer is %j', (text, status, code, outcome) => {
    const read = callErrorOf({ status, text }, ASKED);
    expect([read.code, outcomeOf(read)]).toEqual([code, outcome]);
  });

  it('is read from recordings of other clients too', () => {
    expect(outcomeOf({ code: '7', message: '' })).toBe('denied');
    expect(outcomeOf({ code: '403', message: '' })).toBe('denied');
    expect(outcomeOf({ code: '14', message: '' })).toBe('server-error');
    expect(outcomeOf({ code: '8', message: '' })).toBe('throttled');
    expect([isRefusal({ code: '7', message: '' }), isRefusal({ code: '17', message: '' })]).toEqual([true, false]);
  });

  it('of the network has the code of its cause', () => {
    const thrown = new Error('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
    expect(networkErrorOf(thrown)).toEqual({ code: 'ECONNREFUSED', message: 'fetch failed' });
    expect(outcomeOf(networkErrorOf(thrown))).toBe('unreachable');
    expect(outcomeOf(networkErrorOf('broken'))).toBe('unreachable');
  });
});
