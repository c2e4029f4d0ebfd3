import { expect, it } from 'vitest';
import {
  amount,
  annotationsIn,
  at,
  claimsIn,
  entries,
  fieldOf,
  flag,
  identities,
  list,
  maps,
  notes,
  providerIn,
  sensitivityOf,
  severityOf,
  strideOf,
  techniquesIn,
  text,
  texts,
} from '../../../connectors/threat-models/said.ts';

const said = (value: string) => ({ value, pointer: '/x', basis: 'stated' as const });

it('finds what is said to be logged, and not what is said not to be', () => {
  for (const words of [
    'Amazon S3 - Access logging',
    'cdk-nag rule: S3BucketLoggingEnabled',
    'cdk-nag rule: EKSClusterControlPlaneLogs',
    'cdk-nag rule: ElasticBeanstalkEC2InstanceLogsToS3',
    'CloudTrail exists outside of this stack',
    'Logs are kept for one week',
    'One week of retention',
    'Turn on auditing of the database',
    'Changes are monitored',
    'VPC flow logs in every subnet',
    'Configure multiple Vault audit devices',
    'Diagnostic settings send everything to Sentinel',
  ])
    expect(claimsIn(words), words).toEqual([words]);
  for (const words of [
    'Users log in with a password',
    'They are logged out after an hour',
    'Use strong sign-in mechanisms',
    'Business logic runs in a catalog of dialogs',
    'Tokens are never logged',
    'There is no audit trail',
    'Access logging is not enabled',
    'Logging is disabled',
    'Writes happen without logging',
    'Reference: [How to log](https://docs.example.com/logging)',
    '[WAF](https://docs.example.com/monitoring/audit-logs)',
    'Throttle API requests',
    '',
  ])
    expect(claimsIn(words), words).toEqual([]);
});

it('takes sentences, bullets and cells apart', () => {
  expect(claimsIn('Keys rotate. Access is logged.\n- Logs go to a SIEM\n| CloudTrail | on |\nNothing else.')).toEqual([
    'Access is logged.',
    'Logs go to a SIEM',
    'CloudTrail',
  ]);
});

it('reads leniently, and tells what it could not', () => {
  const kept = notes();
  const root = fieldOf({ value: { a: ' b ', n: 3, l: ['x', null, { y: 1 }], one: 'x', t: 'Yes', 'c/d~': { e: null } } }, kept);
  expect(text(at(root, 'a'))).toBe('b');
  expect(text(at(root, 'n'))).toBe('3');
  expect([flag(at(root, 't')), flag(at(root, 'none')), amount(at(root, 'n'))]).toEqual([true, undefined, 3]);
  expect(texts(at(root, 'l')).map(({ value, pointer }) => [value, pointer])).toEqual([['x', '/l/0']]);
  expect(texts(at(root, 'one')).map(({ pointer }) => pointer)).toEqual(['/one']);
  expect(maps(at(root, 'l')).map(({ pointer }) => pointer)).toEqual(['/l/2']);
  expect(entries(at(root, 'c/d~')).map(({ field }) => field.pointer)).toEqual(['/c~1d~0/e']);
  expect(at(root, 'constructor').value).toBeUndefined();
  expect([list(at(root, 'none')), text(at(root, 'none'))]).toEqual([[], undefined]);
  expect(kept.list().map(({ pointer }) => pointer)).toEqual(['/l/2', '/l/0', '/l/1']);
});

it('bounds its warnings, and says how many there were', () => {
  const kept = notes();
  for (let index = 0; index < 500; index += 1) kept.warn(`/${index}`, 'odd');
  kept.warn('/0', 'odd');
  expect(kept.list()).toHaveLength(201);
  expect(kept.list().at(-1)?.message).toBe('and 301 more warnings');
});

it('makes ids unique', () => {
  const unique = identities();
  const field = fieldOf({ value: {} }, notes());
  expect(['a', 'a', 'a~2', 'a', undefined, undefined].map((id) => unique(field, id, 'x'))).toEqual([
    'a',
    'a~2',
    'a~2~2',
    'a~3',
    'x',
    'x~2',
  ]);
});

it('reads the words of the trade', () => {
  expect(['S', 'Info Disclosure', 'Elevation of Privileges', 'Denial Of Service', 'repudiation', 'Privacy', 'x', ''].map(strideOf)).toEqual(
    ['spoofing', 'information-disclosure', 'elevation-of-privilege', 'denial-of-service', 'repudiation', undefined, undefined, undefined],
  );
  expect(techniquesIn('attack.t1562.008, TA0010,T1567 and AML.T0024, not ST1530 or T15301')).toEqual(['T1562.008', 'T1567', 'AML.T0024']);
  expect(['High', 'very high', 'TBD', 'constructor'].map(severityOf)).toEqual(['high', 'critical', undefined, undefined]);
  expect(['aws_s3_bucket', 'AWS::S3::Bucket', 'Microsoft.KeyVault/vaults', 'google_storage_bucket', 'flaws', 's3'].map(providerIn)).toEqual(
    ['aws', 'aws', 'azure', 'gcp', undefined, undefined],
  );
  expect(
    ['Card numbers', 'Session tokens', 'Patient records', 'Weather'].map((name) => sensitivityOf(said(name)).map(({ value }) => value)),
  ).toEqual([['pci'], ['credentials'], ['phi'], []]);
});

it('reads wanted log sources with their retention', () => {
  const found = annotationsIn(said('aws.cloudtrail.data.s3 365d, aws.vpc.flowlogs; k8s.eks.audit retain=90 days'), 'vault');
  expect(found.map(({ source, retain, on }) => [source.value, retain?.value, on])).toEqual([
    ['aws.cloudtrail.data.s3', '365d', 'vault'],
    ['aws.vpc.flowlogs', undefined, 'vault'],
    ['k8s.eks.audit', '90d', 'vault'],
  ]);
});
