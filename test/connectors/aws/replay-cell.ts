import type { Answer, Cell, Collector, Destination } from '../../../src/collect/collector.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { send } from './replay-client.ts';

/** A place to collect in, over HTTP through the real SDK: what is asked is recorded as a scan does, what is wanted is noted. */
export function replayCell(
  url: string,
  collector: Collector,
  place: { account: string; region: string; wanted?: readonly Destination[] },
): Cell & { readonly records: EvidenceRecord[]; readonly wants: Destination[] } {
  const records: EvidenceRecord[] = [];
  const wants: Destination[] = [];
  const ask = async (call: string, args: Record<string, unknown> = {}, where: { region?: string } = {}): Promise<Answer> => {
    const spec = collector.calls[call];
    if (!spec) throw new Error(`${collector.id} does not declare ${call}`);
    const [service = '', op = ''] = call.split(':');
    const region = where.region ?? place.region;
    const pages: Record<string, unknown>[] = [];
    let token: unknown;
    do {
      const record = {
        v: 1 as const,
        provider: 'aws' as const,
        account: place.account,
        region,
        service,
        op,
        args,
        at: '2026-11-21T11:59:00Z',
        page: pages.length,
      };
      try {
        const body = (await send(
          url,
          service,
          op,
          token === undefined ? args : { ...args, [spec.pages?.to ?? '']: token },
          place.account,
          region,
        )) as Record<string, unknown>;
        records.push({ ...record, body });
        pages.push(body);
        token = spec.pages && body[spec.pages.from];
      } catch (failure) {
        const error = { code: (failure as Error).name, message: (failure as Error).message };
        records.push({ ...record, error });
        return { ok: false, pages, error };
      }
    } while (token !== undefined);
    return { ok: true, pages };
  };
  return { ...place, partition: 'aws', ask, want: (destination) => wants.push(destination), wanted: place.wanted ?? [], records, wants };
}
