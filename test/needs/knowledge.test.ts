import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lexicon } from '../../connectors/threat-models/format.ts';
import { InputError } from '../../src/model/input-error.ts';
import type { Want } from '../../src/model/knowledge.ts';
import { STRIDE } from '../../src/model/threat-model.ts';
import { daysOf, type Knowledge, loadKnowledge } from '../../src/needs/knowledge.ts';
import { phrases } from '../../src/needs/phrases.ts';
import { loadRules } from '../../src/needs/rules.ts';

const own = join(import.meta.dirname, '../../rules');
const rules = loadRules();
const knowledge = loadKnowledge();
const lexicon: Lexicon = knowledge.lexicon;

/** Everything there is to ask for: each file is read when something of it is. */
function readAll(one: Knowledge): void {
  void [one.types, one.cells, one.techniques, one.detections, one.claims, one.places, one.weaknesses, one.unobservable];
  void [one.verifications, one.retention, one.catalogue, one.references];
}

/** The package's rules with one file changed. */
function changed(path: string, change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-knowledge-'));
  cpSync(own, folder, { recursive: true });
  const before = readFileSync(join(folder, path), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, path), after);
  return folder;
}

const wanted: readonly Want[] = [
  ...knowledge.cells.flatMap((cell) => cell.wants),
  ...knowledge.places.flatMap((rule) => rule.wants),
  ...[...knowledge.techniques.values()].flatMap((technique) => technique.wants),
];
const sourceOf = (want: Pick<Want, 'events' | 'source'>): string =>
  want.source ?? (rules.events.get(want.events as string) as { source: string }).source;

describe('loadKnowledge', () => {
  it('reads the knowledge of the package, and a folder once', () => {
    expect(loadKnowledge()).toBe(knowledge);
    readAll(knowledge);
  });

  it.each([
    [
      'knowledge/stride/aws.yaml',
      (text: string) => text.replace('events: aws.s3.objects-written', 'events: aws.s3.objects-writen'),
      /aws\.yaml:\d+:\d+: cells\[1\]\.wants\[0\]\.events: no events are called "aws\.s3\.objects-writen"/,
    ],
    [
      'knowledge/stride/aws.yaml',
      (text: string) => text.replace('types: [aws.s3.bucket]', 'types: [aws.s3.pail]'),
      /aws\.yaml:\d+:\d+: cells\[0\]\.types\[0\]: no component type is called "aws\.s3\.pail"/,
    ],
    [
      'knowledge/stride/aws.yaml',
      (text: string) => text.replace('cites: [s3-cloudtrail, iam-cloudtrail]', 'cites: [hearsay]'),
      /cells\[0\]\.cites\[0\]: no reference is called "hearsay"/,
    ],
    [
      'knowledge/stride/aws.yaml',
      (text: string) => text.replace('stride: [tampering]', 'stride: [spoofing]'),
      /there is a cell for aws\.s3\.bucket spoofing already/,
    ],
    [
      'knowledge/stride/gcp.yaml',
      (text: string) => text.replace('source: gcp.workspace.login', 'source: gcp.workspace.logins'),
      /no source is called "gcp\.workspace\.logins"; add it to rules\/sources or to rules\/knowledge\/catalogue\.yaml/,
    ],
    [
      'knowledge/stride/aws.yaml',
      (text: string) => text.replace('where: {readOnly: "false"}', 'where: {readonly: "false"}'),
      /where\.readonly: "readonly" is not a field of aws\.cloudtrail\.data\.ebs-snapshot/,
    ],
    [
      'knowledge/attack.yaml',
      (text: string) => text.replace('to: T1685.002', 'to: T1562'),
      /attack\.yaml:\d+:\d+: revoked\[\d\]\.to: no technique is called "T1562"/,
    ],
    [
      'knowledge/attack.yaml',
      (text: string) => text.replace('- id: T1021.007', '- id: T1021'),
      /"T1021" is there twice; remove one of them/,
    ],
    [
      'knowledge/component-types.yaml',
      (text: string) => text.replace('words: [dynamodb,', 'words: [s3, dynamodb,'),
      /another entry has "s3" already/,
    ],
    [
      'knowledge/component-types.yaml',
      (text: string) => text.replace('terraform: [aws_dynamodb_table]', 'terraform: [aws_s3_object]'),
      /"aws_s3_object" is aws\.s3\.bucket already/,
    ],
    [
      'knowledge/claims.yaml',
      (text: string) => text.replace('sources: [aws.cloudtrail.digest]', 'sources: [aws.cloudtrail.digests]'),
      /claims\[\d\]\.sources\[0\]: no source is called "aws\.cloudtrail\.digests"/,
    ],
    [
      'knowledge/verification.yaml',
      (text: string) => text.replace('- source: aws.cloudtrail.digest', '- source: aws.cloudtrail.management'),
      /"aws\.cloudtrail\.management" is there twice/,
    ],
    [
      'knowledge/weaknesses.yaml',
      (text: string) => text.replace('cwe: ["223"', 'cwe: ["778"'),
      /weaknesses\[1\]\.cwe\[0\]: 778 is there twice/,
    ],
    [
      'retention/pci-dss-10.5.1.yaml',
      (text: string) => text.replace('id: pci-dss-10.5.1', 'id: pci'),
      /pci-dss-10\.5\.1\.yaml:\d:5: id: "pci" is not the file's name/,
    ],
  ])('%s: tells what does not fit, with its place', (path, change, message) => {
    const folder = changed(path, change);
    expect(() => readAll(loadKnowledge(folder))).toThrow(message);
    expect(() => readAll(loadKnowledge(folder))).toThrow(InputError);
  });
});

describe('component types', () => {
  it('have a row of the STRIDE table, all six categories of it', () => {
    const gaps = [...knowledge.types.values()]
      .filter((type) => type.resolves === undefined)
      .flatMap((type) => STRIDE.filter((stride) => !knowledge.cell(type.id, stride)).map((stride) => `${type.id} ${stride}`));
    expect(gaps).toEqual([]);
  });

  it('have the names by which log sources know their resources', () => {
    const unknown = [...rules.sources.values()]
      .filter((source) => source.provider === 'aws')
      .flatMap((source) => source.resource?.type ?? [])
      .filter((type) => !knowledge.types.has(type) && ![...knowledge.types.values()].some((one) => one.locates === type));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it.each([
    ['AWS::S3::Bucket', 'aws.s3.bucket'],
    ['aws::s3::bucket', 'aws.s3.bucket'],
    ['aws_s3_bucket', 'aws.s3.bucket'],
    ['aws_s3_bucket_public_access_block', 'aws.s3.bucket'],
    ['terraform-aws-modules/rds/aws', 'aws.rds.instance'],
    ['Orders (AWS::SNS::Topic)', 'aws.sns.topic'],
    ['Microsoft.KeyVault/vaults', 'azure.keyvault'],
    ['microsoft.keyvault/vaults', 'azure.keyvault'],
    ['azurerm_storage_account', 'azure.storage.account'],
    ['storage.googleapis.com/Bucket', 'gcp.storage.bucket'],
    ['google_bigquery_dataset', 'gcp.bigquery.dataset'],
    ['aws:s3', 'aws.s3.bucket'],
    ['azure-key-vault', 'azure.keyvault'],
    ['AWS::EC2::VPCEndpoint', 'aws.vpc.endpoint'],
    ['aws_vpc', 'aws.vpc'],
    ['AWS::Unheard::Of', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('%s is %s', (native, type) => {
    expect(lexicon.typeOf(native)).toBe(type);
  });

  it.each([
    ['arn:aws:s3:::card-vault', 'aws.s3.bucket'],
    ['arn:aws-cn:dynamodb:cn-north-1:111122223333:table/customers', 'aws.dynamodb.table'],
    ['arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188', 'aws.elb.application'],
    ['arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/web/50dc6c495c0c9188', 'aws.elb.network'],
    ['arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/web', 'aws.elb.classic'],
    ['/subscriptions/0/resourceGroups/cards/providers/Microsoft.KeyVault/vaults/card-vault', 'azure.keyvault'],
    ['//storage.googleapis.com/card-vault', 'gcp.storage.bucket'],
    ['card-vault', undefined],
  ])('%s is of %s', (resource, type) => {
    expect(knowledge.typeOfResource(resource)).toBe(type);
  });
});

describe('the lexicon', () => {
  const types = (text: string) => lexicon.services(text).map((one) => one.type);

  it('finds services by the words that people use, each once, in their order', () => {
    const text = 'Requests to the API Gateway run Lambda functions; a Lambda function writes to DynamoDB and to an S3 bucket.';
    expect(lexicon.services(text)).toEqual([
      { type: 'aws.apigateway.rest', word: 'API Gateway', index: 16 },
      { type: 'aws.lambda.function', word: 'Lambda functions', index: 32 },
      { type: 'aws.dynamodb.table', word: 'DynamoDB', index: text.indexOf('DynamoDB') },
      { type: 'aws.s3.bucket', word: 'S3 bucket', index: text.indexOf('S3') },
    ]);
  });

  it('takes the longest name at a place', () => {
    expect(types('Azure Key Vault')).toEqual(['azure.keyvault']);
    expect(types('logs in CloudWatch Logs')).toEqual(['aws.cloudwatch.logs']);
    expect(types('CloudWatch alarms')).toEqual(['aws.cloudwatch']);
    expect(types('VPC endpoint')).toEqual(['aws.vpc.endpoint']);
  });

  it('finds whole words only, and parts of joined names', () => {
    expect(types('the s3cret, GITHUBBER, preks and eksperts')).toEqual([]);
    expect(types('PaymentsS3Bucket')).toEqual(['aws.s3.bucket']);
    expect(types('card-vault-dynamodb')).toEqual(['aws.dynamodb.table']);
    expect(types('API\nGateway')).toEqual(['aws.apigateway.rest']);
    expect(types('the API. Gateway')).toEqual([]);
  });

  it('takes words that are also everyday words only as written', () => {
    expect(types('This would amplify the damage; glue the parts.')).toEqual([]);
    expect(types('Hosted by Amplify.')).toEqual(['aws.amplify.app']);
  });

  it('leaves generic kinds out, and resolves them once the vendor is known', () => {
    expect(types('a database behind a load balancer')).toEqual([]);
    expect(knowledge.named('the database')).toEqual([]);
    expect(knowledge.named('the database', 'aws')).toEqual([
      { type: 'aws.rds.instance', word: 'database', index: 4, by: 'kind', or: ['aws.ec2.instance'] },
    ]);
    expect(knowledge.named('Storage account', 'azure')[0]).toMatchObject({ type: 'azure.storage.account', by: 'weak' });
    expect(knowledge.named('Azure Functions', 'aws')[0]).toMatchObject({ type: 'azure.functions', by: 'service' });
  });

  it('takes time in proportion to the text', () => {
    const seen: string[] = [];
    const find = phrases([['card vault', 1]]);
    for (const text of ['card '.repeat(20_000), `${'A'.repeat(50_000)}${'a'.repeat(50_000)}`, 'aB'.repeat(50_000), '-'.repeat(100_000)]) {
      find(text);
      lexicon.services(text);
      knowledge.claimsIn(text);
      knowledge.retentionIn(text);
      seen.push(text);
    }
    expect(seen).toHaveLength(4);
    expect(find(`${'card '.repeat(20_000)}vault`)).toEqual([{ value: 1, word: 'card vault', index: 99_995 }]);
  });

  it('says where each word stands, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('S3', 'dynamodb', 'Key Vault', 'EKSCluster', 'API_Gateway', ' ', '.', '\n'))),
        (parts) => {
          const text = parts.join(' ');
          let last = -1;
          for (const { type, word, index } of lexicon.services(text)) {
            expect(text.slice(index, index + word.length)).toBe(word);
            expect(index).toBeGreaterThan(last);
            expect(knowledge.types.has(type)).toBe(true);
            last = index;
          }
        },
      ),
    );
  });
});

describe('techniques', () => {
  it('have the ids of today', () => {
    expect(knowledge.technique('T1562.008')).toMatchObject({ id: 'T1685.002', was: 'T1562.008' });
    expect(knowledge.technique('attack.t1562.007')).toMatchObject({ id: 'T1686.001', was: 'T1562.007' });
    expect(knowledge.technique('T1562')).toMatchObject({ id: 'T1685', was: 'T1562' });
    expect(knowledge.technique('T1530 - Data from Cloud Storage')).toMatchObject({ id: 'T1530' });
    expect(knowledge.technique('T1530')).not.toHaveProperty('was');
    expect(knowledge.technique('AML.T0024')).toBeUndefined();
    expect(knowledge.technique('T9999')).toBeUndefined();
    expect(knowledge.technique('T15301')).toBeUndefined();
    for (const { to } of knowledge.revoked.values()) expect(knowledge.revoked.has(to)).toBe(false);
  });

  it('know their parts', () => {
    expect(knowledge.technique('T1078')?.parts.map((part) => part.id)).toEqual(['T1078.001', 'T1078.004']);
    expect(knowledge.technique('T1078.004')?.parts).toEqual([]);
    for (const { id } of knowledge.techniques.values()) {
      const parent = id.split('.')[0] as string;
      if (id !== 'T1686.001') expect(knowledge.techniques.has(parent), `${parent} of ${id}`).toBe(true);
    }
  });

  it('of infrastructure are wanted of all three clouds, where one of them shows them', () => {
    for (const id of [
      'T1078.004',
      'T1098.001',
      'T1098.003',
      'T1485',
      'T1530',
      'T1537',
      'T1578.002',
      'T1685.002',
      'T1686.001',
      'T1555.006',
    ]) {
      const vendors = knowledge.technique(id)?.technique.wants.map((want) => sourceOf(want).split('.')[0]);
      expect(vendors, id).toEqual(expect.arrayContaining(['aws', 'gcp']));
      expect(
        vendors?.some((vendor) => vendor === 'azure' || vendor === 'entra'),
        id,
      ).toBe(true);
    }
  });

  it('are named by every event class that names any', () => {
    const unknown = [...rules.events.values()]
      .filter((events) => events.source.startsWith('aws.'))
      .flatMap((events) => events.attack)
      .filter((id) => !knowledge.technique(id));
    // Of no cloud platform, so without a log of a cloud in ATT&CK's own data.
    expect([...new Set(unknown)].sort()).toEqual(['T1016', 'T1489', 'T1565.001']);
  });

  it('log source names and components lead to sources', () => {
    expect(knowledge.attackLogSource('AWS:CloudTrail')).toEqual(['aws.cloudtrail.management']);
    expect(knowledge.attackLogSource('aws:vpcflowlogs')).toContain('aws.vpc.flowlogs');
    expect(knowledge.attackLogSource('auditd:SYSCALL')).toEqual([]);
    expect(knowledge.attackLogSource('unheard:of')).toBeUndefined();
    expect(knowledge.dataComponent('Cloud Storage Access')?.sources).toContain('aws.cloudtrail.data.s3');
    expect(knowledge.dataComponent('dc0025')?.name).toBe('Cloud Storage Access');
  });
});

describe('wants', () => {
  it('of a user who denies it ask for records that name the caller', () => {
    const silent = knowledge.cells
      .filter((cell) => cell.stride.length === 1 && cell.stride[0] === 'repudiation' && cell.wants.length > 0)
      .filter((cell) => !cell.wants.some((want) => want.attribution === 'caller'));
    expect(silent.map((cell) => cell.types.join(' '))).toEqual([]);
  });

  it('stand in for each other only in groups of two or more', () => {
    for (const { wants, types } of knowledge.cells) {
      const groups = wants.flatMap((want) => want.group ?? []);
      for (const group of groups) expect(groups.filter((one) => one === group).length, types.join(' ')).toBeGreaterThan(1);
    }
  });

  it('have a benign test, named classes of AWS one of their own', () => {
    const untested = wanted
      .filter((want) => want.events?.startsWith('aws.'))
      .filter((want) => !knowledge.verifications.some((one) => one.events === want.events));
    expect([...new Set(untested.map((want) => want.events))]).toEqual([]);
    const silent = wanted.filter((want) => !knowledge.verification(want));
    expect([...new Set(silent.map((want) => want.events ?? want.source))]).toEqual([]);
    for (const source of rules.sources.keys())
      if (source.startsWith('aws.') || source.startsWith('k8s.eks.')) expect(knowledge.verification({ source }), source).toBeDefined();
    const baseline = rules.threats.filter((one) => one.file.includes('aws-')).flatMap((one) => one.model.threats);
    expect(baseline).not.toEqual([]);
    for (const need of baseline.flatMap((threat) => threat.needs))
      for (const one of need.anyOf ?? [need]) expect(knowledge.verification(one), JSON.stringify(one)).toBeDefined();
  });

  it('are recorded with an identity that is stated, for all sources of AWS and EKS', () => {
    const silent = [...rules.sources.values()].filter((source) => /^(aws|k8s\.eks)\./.test(source.id) && source.identity === undefined);
    expect(silent.map((source) => source.id)).toEqual([]);
  });
});

describe('detections', () => {
  it('take the entry with the most parts equal', () => {
    expect(knowledge.detection({ product: 'AWS', service: 'CloudTrail' })?.sources[0]).toBe('aws.cloudtrail.management');
    expect(knowledge.detection({ product: 'azure', service: 'auditlogs' })?.sources).toEqual(['entra.audit']);
    expect(knowledge.detection({ product: 'okta', service: 'okta' })?.sources).toEqual(['saas.okta.system']);
    expect(knowledge.detection({ product: 'windows', service: 'sysmon' })?.sources).toEqual(['host.endpoint']);
    expect(knowledge.detection({ product: 'unheard' })).toBeUndefined();
    expect(knowledge.detection({})).toBeUndefined();
  });

  it('have one entry for each log source', () => {
    const keys = knowledge.detections.map(({ product, service, category }) => [product, service, category].join('/'));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('claims', () => {
  const claims = (text: string) => knowledge.claimsIn(text).map((one) => one.value.id);

  it.each([
    ['Amazon S3 - Access logging', ['s3-access']],
    ['CloudTrail exists outside this stack', ['cloudtrail']],
    ['Leverage CloudTrail data events for auditing', ['cloudtrail-data', 'audit-log']],
    ['VPC Flow Logs are enabled', ['flow-logs']],
    ['Configure multiple Vault audit devices', ['vault-audit']],
    ['The catalog of logins is a logical trailer', []],
  ])('%s', (text, ids) => {
    expect(claims(text)).toEqual(ids);
  });

  it('know the rules of checking tools', () => {
    expect(knowledge.claimOfRule('cdk-nag rule: S3BucketLoggingEnabled')?.id).toBe('s3-access');
    expect(knowledge.claimOfRule('EKSClusterControlPlaneLogs')?.sources).toContain('k8s.eks.audit');
    expect(knowledge.claimOfRule('S3BucketSSLRequestsOnly')).toBeUndefined();
    expect(knowledge.claimOfRule('aws-detection-cloudtrail')?.id).toBe('cloudtrail');
    expect(knowledge.claimOfRule('')).toBeUndefined();
  });

  it('read a time of keeping, and no other length of time', () => {
    const days = (text: string) => knowledge.retentionIn(text).map((one) => [one.word, one.value.days]);
    expect(days('CloudWatch Logs with one week of retention')).toEqual([['one week', 7]]);
    expect(days('Audit logs are kept for 90 days and archived for a year.')).toEqual([
      ['90 days', 90],
      ['a year', 366],
    ]);
    expect(days('retention: 3 months')).toEqual([['3 months', 92]]);
    expect(days('Sessions end after 5 days')).toEqual([]);
    expect(days('Logs are retained. The release took 3 days.')).toEqual([]);
    expect(days('kept for 0 days')).toEqual([]);
  });

  it('count months and years by their longest', () => {
    expect([1, 2, 3, 6, 12, 18].map((months) => daysOf(months, 30))).toEqual([31, 62, 92, 184, 366, 550]);
    expect([1, 3, 6, 7].map((years) => daysOf(years, 365))).toEqual([366, 1096, 2192, 2557]);
    expect(daysOf(2, 7)).toBe(14);
  });
});

describe('threats that no log shows', () => {
  it.each([
    ['A threat actor sets up a look-alike domain to collect registrations', 'look-alike-domain'],
    ['An employee reports a lost laptop', 'lost-device'],
    ['A lost laptop whose session token is used to call the API', undefined],
    ['Physical access to the data center', 'physical'],
    ['A threat actor with possession of a similar domain name can trick our users', 'look-alike-domain'],
    ['A stolen role reads the vault in bulk', undefined],
  ])('%s', (text, id) => {
    expect(knowledge.unobservableIn(text)?.value.id).toBe(id);
  });
});

describe('weaknesses', () => {
  it('know those of logging itself', () => {
    expect(knowledge.weakness('cwe', '778')?.special).toBe('insufficient-logging');
    expect(knowledge.weakness('cwe', '223')?.special).toBe('omitted-events');
    expect(knowledge.weakness('cwe', '532')?.special).toBe('secrets-in-logs');
    expect(knowledge.weakness('capec', '116')?.stride).toEqual(['information-disclosure']);
    expect(knowledge.weakness('capec', '778')).toBeUndefined();
  });
});

describe('retention', () => {
  it('has figures in which nothing is searchable for longer than it is kept', () => {
    for (const profile of knowledge.retention.values()) {
      if (profile.searchableDays !== undefined && profile.totalDays !== undefined)
        expect(profile.searchableDays, profile.id).toBeLessThanOrEqual(profile.totalDays);
      expect(profile.totalDays ?? profile.rule, profile.id).toBeDefined();
      expect(profile.status === 'own' || profile.source !== undefined, profile.id).toBe(true);
      expect(profile.status === 'rescinded', profile.id).toBe(profile.supersededBy !== undefined);
      if (profile.supersededBy !== undefined) expect(knowledge.retention.get(profile.supersededBy)?.status).toBe('in-force');
    }
  });

  it('has a default, and what the regimes ask for', () => {
    expect(knowledge.retention.get('default')).toMatchObject({ searchableDays: 90, totalDays: 365 });
    expect(knowledge.retention.get('pci-dss-10.5.1')).toMatchObject({
      searchableDays: 92,
      totalDays: 366,
      tags: ['pci'],
      status: 'in-force',
    });
    expect(knowledge.retention.get('omb-m-26-14')).toMatchObject({ searchableDays: 184, totalDays: 366, status: 'in-force' });
    expect(knowledge.retention.get('omb-m-21-31')).toMatchObject({ status: 'rescinded', supersededBy: 'omb-m-26-14' });
    expect(knowledge.retention.get('gdpr-5-1-e')?.maximum).toBe(true);
  });
});

it('takes a database server for a database, and a server of nothing else for a server', () => {
  const first = (name: string) => loadKnowledge().named(name, 'aws')[0]?.type;
  expect(['Customer database server', 'Corporate LDAP server', 'Jump server'].map(first)).toEqual([
    'aws.rds.instance',
    'any.directory',
    'aws.ec2.instance',
  ]);
});
