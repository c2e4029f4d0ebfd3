import { hash } from 'node:crypto';

const BLOCK = 64;

type Data = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256 and its HMAC (RFC 2104) in the form that the SDK's signer asks for. Node makes a key object for each `createHmac`, which takes many times as long
 * as the hash; and signing for another account takes six of them, since the SDK remembers the signing keys of few.
 */
export class Sha256 {
  readonly #secret: Buffer | undefined;
  #chunks: Buffer[] = [];

  constructor(secret?: Data) {
    if (secret === undefined) return;
    const bytes = bytesOf(secret);
    this.#secret = bytes.length > BLOCK ? hash('sha256', bytes, 'buffer') : bytes;
  }

  update(data: Data): void {
    this.#chunks.push(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    if (!this.#secret)
      return hash('sha256', this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks), 'buffer');
    const inner = hash('sha256', Buffer.concat([padded(this.#secret, 0x36), ...this.#chunks]), 'buffer');
    return hash('sha256', Buffer.concat([padded(this.#secret, 0x5c), inner]), 'buffer');
  }

  reset(): void {
    this.#chunks = [];
  }
}

function padded(secret: Buffer, filler: number): Buffer {
  const block = Buffer.alloc(BLOCK, filler);
  for (let index = 0; index < secret.length; index++) block[index] = (secret[index] as number) ^ filler;
  return block;
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  // A copy: what was given may change before the digest is taken.
  return ArrayBuffer.isView(data)
    ? Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    : Buffer.from(new Uint8Array(data));
}
