import { describe, expect, it } from 'vitest';
import { callErrorOf, outcomeOf } from '../../../connectors/aws/errors.ts';

describe('what an error means', () => {
  it.each([
    ['AccessDenied', 403, '', 'denied'],
    ['AccessDeniedException', 400, 'User: x is not authorized to perform: cloudtrail:ListChannels', 'denied'],
    ['UnauthorizedOperation', 403, '', 'denied'],
    ['SomethingNew', 403, '', 'denied'],
    ['Throttling', 400, 'Rate exceeded', 'throttled'],
    ['RequestLimitExceeded', 503, '', 'throttled'],
    ['SlowDown', 503, 'Please reduce your request rate.', 'throttled'],
    ['ServiceUnavailable', 503, '', 'server-error'],
    ['AuthFailure', 401, 'AWS was not able to validate the provided access credentials', 'region-disabled'],
    ['InvalidClientTokenId', 403, 'The security token included in the request is invalid', 'region-disabled'],
    ['OptInRequired', 403, 'You are not subscribed to this service', 'not-signed-up'],
    ['ExpiredToken', 400, '', 'expired'],
    ['NoSuchLifecycleConfiguration', 404, '', 'other'],
    ['ENOTFOUND', undefined, 'getaddrinfo ENOTFOUND x', 'unreachable'],
    ['TimeoutError', undefined, '', 'unreachable'],
    ['UnreadableAnswer', 200, '', 'other'],
  ] as const)('%s %s %s is %s', (code, status, message, outcome) => {
    expect(outcomeOf({ code, message, ...(status === undefined ? {} : { status }) })).toBe(outcome);
  });

  it('believes the raw answer where the exception names nothing', () => {
    const thrown = Object.assign(new SyntaxError('Unexpected token <'), { $metadata: { httpStatusCode: 400 } });
    const raw = (text: string, headers = {}) => ({ status: 400, headers, text });
    expect(callErrorOf(thrown, raw('{"__type":"com.amazonaws.x#ThrottlingException:http://y","Message":"slow"}'))).toEqual({
      code: 'ThrottlingException',
      message: 'slow',
      status: 400,
    });
    expect(callErrorOf(thrown, raw('<Error><Code>NoSuchBucket</Code></Error>'))).toEqual({
      code: 'NoSuchBucket',
      message: '',
      status: 400,
    });
    expect(callErrorOf(thrown, raw('nonsense', { 'x-amzn-errortype': 'ValidationException' })).code).toBe('ValidationException');
    expect(callErrorOf(thrown, raw('<html><Code>AccessDenied</Code></html>')).code).toBe('BadRequest');
    expect(callErrorOf(thrown, undefined)).toMatchObject({ code: 'BadRequest', status: 400 });
    expect(callErrorOf('nothing', undefined)).toEqual({ code: 'NoAnswer', message: 'nothing' });
  });
});
