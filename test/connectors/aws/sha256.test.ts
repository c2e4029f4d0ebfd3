import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../../connectors/aws/sha256.ts';

const data = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((one) => new DataView(one.buffer, one.byteOffset, one.byteLength)),
);

function bytes(one: string | ArrayBufferView): Uint8Array {
  return typeof one === 'string' ? Buffer.from(one) : new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
}

describe('SHA-256 for signing', () => {
  it('gives the digests of Node, for all that is put in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(data), fc.array(data, { maxLength: 4 }), async (secret, chunks) => {
        const ours = secret === null ? new Sha256() : new Sha256(secret);
        const theirs = secret === null ? createHash('sha256') : createHmac('sha256', bytes(secret));
        for (const chunk of chunks) {
          ours.update(chunk);
          theirs.update(bytes(chunk));
        }
        expect(Buffer.from(await ours.digest()).toString('hex')).toBe(theirs.digest('hex'));
      }),
    );
  });

  it('begins anew after a reset, with the same secret', async () => {
    const hmac = new Sha256('secret');
    hmac.update('one');
    hmac.reset();
    hmac.update('two');
    expect(Buffer.from(await hmac.digest()).toString('hex')).toBe(createHmac('sha256', 'secret').update('two').digest('hex'));
  });

  it('hashes what was given when it was given', async () => {
    const sha = new Sha256();
    const chunk = Buffer.from('one');
    sha.update(chunk);
    chunk.fill(0);
    expect(Buffer.from(await sha.digest()).toString('hex')).toBe(createHash('sha256').update('one').digest('hex'));
  });
});
