import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../connectors/gcp/errors.ts';
import { enterGcpReplay } from '../../connectors/gcp/replay/environment.ts';
import { callsOf, routesOf } from '../../connectors/gcp/replay/routes.ts';
import { type GcpReplay, startGcpReplay, type WireAnswer } from '../../connectors/gcp/replay/server.ts';
import { createSdk, loggingMethodOf } from '../../connectors/gcp/sdk.ts';
import { shared } from '../support/shared.ts';

const folder = shared('recordings', 'cloud-custodian', 'gcp-flights');

interface Flight {
  readonly name: string;
  readonly address: URL | undefined;
  readonly status: number;
  readonly text: string;
}

/** Answers that Google gave, with the address that it says they are of. */
function flights(): Flight[] {
  if (folder === undefined) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)get-[^/]*\.json$/.test(file))
    .sort()
    .map((name) => {
      const { headers, body } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { headers: Record<string, string>; body: unknown };
      const address = headers['content-location'];
      return {
        name,
        address: address === undefined ? undefined : new URL(address),
        status: Number(headers.status),
        text: JSON.stringify(body),
      };
    });
}

describe.skipIf(folder === undefined)('what Google answered', () => {
  const all = flights();
  const routes = routesOf();
  const signal = new AbortController().signal;
  const sdk = createSdk({ maxAttempts: 1 });
  const asked = { account: 'cloud-custodian', number: '123456789123' };
  let said: WireAnswer = { status: 500, headers: {}, body: '' };
  let replay: GcpReplay;
  let leave: () => void;
  beforeAll(async () => {
    replay = await startGcpReplay([], { answer: () => ({ raw: said }) });
    leave = enterGcpReplay(replay);
  });
  afterAll(async () => {
    leave();
    await replay.close();
  });
  const answer = ({ status, text }: Flight) => {
    said = { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: text };
  };

  it('is evidence word for word, over REST', async () => {
    const found = all.filter((flight) => flight.status === 200 && flight.address !== undefined);
    expect(found.length).toBeGreaterThan(60);
    for (const flight of found) {
      answer(flight);
      const url = `GET ${flight.address?.origin}${flight.address?.pathname}`;
      const sent = await sdk.send('any:get', { url }, { alt: 'json' }, asked, signal);
      expect(sent.body, flight.name).toEqual(JSON.parse(flight.text));
    }
  });

  it('is evidence word for word, through the client of the Logging API', async () => {
    let through = 0;
    for (const flight of all) {
      if (flight.status !== 200 || flight.address?.host !== 'logging.googleapis.com') continue;
      const [call] = callsOf(routes, { method: 'GET', url: `/${flight.address.host}${flight.address.pathname}`, body: '' });
      if (!call) continue;
      const name = `${call.service}:${call.op}`;
      expect(loggingMethodOf(name, call.args), name).toBeDefined();
      answer(flight);
      const sent = await sdk.send(name, {}, call.args, asked, signal);
      expect(sent.body, flight.name).toEqual(JSON.parse(flight.text));
      // Servers that number their enums mean the same.
      said = { ...said, body: flight.text.replaceAll('"V2"', '1').replaceAll('"ACTIVE"', '1') };
      expect((await sdk.send(name, {}, call.args, asked, signal)).body, flight.name).toEqual(JSON.parse(flight.text));
      through++;
    }
    expect(through).toBeGreaterThanOrEqual(7);
  });

  it('is an error where it was one: an API that is off in the project asked, and what is not there', async () => {
    const errors = all.filter((flight) => flight.status >= 400);
    expect(errors.length).toBeGreaterThanOrEqual(3);
    for (const flight of errors) {
      answer(flight);
      const { error } = await sdk.send('any:get', { url: 'GET https://any.googleapis.com/v1/x' }, {}, asked, signal);
      const off = flight.text.includes('it is disabled');
      expect(error, flight.name).toMatchObject({ code: off ? 'SERVICE_DISABLED' : 'NOT_FOUND', status: flight.status });
      expect(error && outcomeOf(error), flight.name).toBe(off ? 'not-signed-up' : 'other');
      const elsewhere = await sdk.send('any:get', { url: 'GET https://any.googleapis.com/v1/x' }, {}, { account: 'ledger-prod' }, signal);
      expect(elsewhere.error?.code).toBe(off ? 'SERVICE_DISABLED_IN_QUOTA_PROJECT' : 'NOT_FOUND');
    }
  });
});
