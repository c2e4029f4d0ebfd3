import { setTimeout as sleep } from 'node:timers/promises';

/** A token bucket by reservation: each caller gets its turn in the order of asking, and waits for it. */
export interface TokenBucket {
  /** Milliseconds until the turn that is taken by this. */
  reserve(): number;
}

export function tokenBucket(
  limit: { readonly perSecond: number; readonly burst: number },
  now: () => number = () => performance.now(),
): TokenBucket {
  let tokens = limit.burst;
  let at = now();
  return {
    reserve() {
      const time = now();
      tokens = Math.min(limit.burst, tokens + ((time - at) / 1000) * limit.perSecond);
      at = time;
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / limit.perSecond) * 1000;
    },
  };
}

export async function turn(bucket: TokenBucket, signal: AbortSignal): Promise<void> {
  const wait = bucket.reserve();
  if (wait > 0) await sleep(wait, undefined, { signal });
}
