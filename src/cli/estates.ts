import { collectorsFor } from '../../connectors/aws/permissions.ts';
import { type AwsOptions, awsProvider } from '../../connectors/aws/provider.ts';
import { type GcpOptions, gcpProvider } from '../../connectors/gcp/provider.ts';
import { collectors } from '../../connectors/index.ts';
import type { Collector } from '../collect/collector.ts';
import type { Estate } from '../collect/engine.ts';
import type { Provider } from '../collect/provider.ts';
import type { Source } from '../model/source.ts';

/** The clouds to read, each with how it is entered; left out: not read. */
export interface Clouds {
  readonly aws?: (AwsOptions & Pick<Estate, 'accounts' | 'regions'>) | undefined;
  readonly gcp?: GcpOptions | undefined;
}

/** A provider for each cloud, with its collectors for the sources chosen (left out: all). */
export function estatesOf({ aws, gcp }: Clouds, sources: readonly Source[] | undefined): readonly Estate[] {
  const estates: Estate[] = [];
  if (aws) {
    const { accounts, regions, ...options } = aws;
    estates.push({
      provider: awsProvider(options),
      collectors: collectorsOf('aws', sources),
      ...(accounts === undefined ? {} : { accounts }),
      ...(regions === undefined ? {} : { regions }),
    });
  }
  if (gcp) estates.push({ provider: gcpProvider(gcp), collectors: collectorsOf('gcp', sources) });
  return estates;
}

/** The collectors of one cloud that say something about the sources, or about where their events are kept. */
export function collectorsOf(provider: Provider['id'], sources: readonly Source[] | undefined): readonly Collector[] {
  return collectorsFor(collectors, sources).filter((one) => one.provider === provider);
}
