import { globMatches } from '../events/glob.ts';

/** Names count as alike from here on; shown wherever a resource was found by its name. */
export const THRESHOLD = 0.6;
/** Names that are this close to the best one could be meant as well. */
export const CLOSE = 0.15;

/** Words that tell one copy of a system from another. */
const ENVIRONMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    production: ['prod', 'production', 'prd', 'live'],
    staging: ['stage', 'staging', 'stg', 'preprod', 'uat'],
    test: ['test', 'testing', 'tst', 'qa'],
    development: ['dev', 'development', 'develop'],
    sandbox: ['sandbox', 'sbx', 'demo'],
  }).flatMap(([name, words]) => words.map((word) => [word, name])),
);

/** Words that say what kind of thing it is, or nothing at all. */
const EMPTY = new Set(
  (
    'a an and the of for in on to with by our its this that per via arn aws amazon gcp google cloud azure microsoft project account region ' +
    's3 gcs bucket blob storage store object dynamodb dynamo table lambda function fn serverless eks gke aks kubernetes k8s cluster elb alb nlb ' +
    'load balancer lb application network vpc subnet rds database db instance ec2 server service resource component app stack default main ' +
    'encrypted private public internal'
  ).split(' '),
);

/** What a name is made of, without what it shares with names of other things of its kind. */
export interface Words {
  readonly words: ReadonlySet<string>;
  readonly environment: string | undefined;
}

/** The words of a name: case, separators, plurals, regions, account ids and generated parts are taken off. */
export function wordsOf(name: string): Words {
  const plain = name
    .slice(0, 512)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\b(?:us|eu|ap|sa|ca|me|af|il|mx|cn)-(?:gov-|iso[a-z]?-)?(?:north|south|east|west|central){1,2}-?\d\b/gi, ' ')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .toLowerCase();
  const words = new Set<string>();
  let environment: string | undefined;
  for (const part of plain.match(/[\p{L}\p{N}]+/gu) ?? []) {
    // Account ids and generated suffixes.
    if (/^\d{8,}$/.test(part) || /^(?=.*\d)[0-9a-f]{8,}$/.test(part)) continue;
    for (const token of part.match(/\p{L}+|\p{N}+/gu) ?? []) {
      const word = token.length > 3 && token.endsWith('s') && !token.endsWith('ss') ? token.slice(0, -1) : token;
      if (Object.hasOwn(ENVIRONMENTS, token)) environment = ENVIRONMENTS[token];
      else if (!EMPTY.has(word) && !EMPTY.has(token) && !/^[sk]$/.test(word)) words.add(word);
    }
  }
  return { words, environment };
}

/** How alike two names are, from 0 to 1: twice the words they share by all their words. Names of different environments are not alike. */
export function likeness(a: Words, b: Words): number {
  if (a.words.size === 0 || b.words.size === 0) return 0;
  if (a.environment !== undefined && b.environment !== undefined && a.environment !== b.environment) return 0;
  if ([...a.words].join('') === [...b.words].join('')) return 1;
  const shared = [...a.words].filter((word) => b.words.has(word)).length;
  return Math.round((200 * shared) / (a.words.size + b.words.size)) / 100;
}

/** The name that people gave a resource, in its ARN or full id; empty where it is generated. */
export function nameIn(id: string): string {
  const own = id.startsWith('arn:') ? id.split(':').slice(5).join(':') : id;
  const parts = own.split(/[/:]/).filter((part) => part !== '' && !/^(?=.*\d)[0-9a-f]{8,}$/i.test(part));
  const last = parts.at(-1) ?? '';
  return /^[a-z]+-(?=[0-9a-f]*\d)[0-9a-f]{8,}$/i.test(last) ? '' : last;
}

/** The name part of an address in infrastructure as code: `module.cards.aws_s3_bucket.vault["eu"]` is `vault`. */
export function nameInCode(address: string): string {
  return (
    address
      .replace(/\[[^\]]*\]/g, '')
      .split(/[./:]/)
      .filter((part) => part !== '')
      .at(-1) ?? ''
  );
}

/** Whether a model's name for a resource (an id, a part of its end, or a pattern) is that of the resource with this id. */
export function namesResource(named: string, id: string): boolean {
  if (globMatches(named, id)) return true;
  if (named.startsWith('arn:')) return false;
  const [own, full] = [bare(named), bare(id)];
  return own !== '' && (globMatches(own, full) || (!own.includes('*') && full.endsWith(`/${own}`)));
}

/** Full resource names without the service's host: `//storage.googleapis.com/cards` and `projects/_/buckets/cards` are `cards`. */
function bare(id: string): string {
  return id.replace(/^(?:https?:)?\/\/[^/]+\//, '').replace(/^projects\/_\/buckets\//, '');
}
