import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowLogs } from '../../../connectors/aws/flow-logs.ts';
import type { EvidenceRecord } from '../../../src/model/evidence.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, emitterOf, judged, logGroups, noLake, pathsOf, REGION, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.vpc.flowlogs';
const GROUP = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:flow`;
const OWNER = '444455556666';

const network = (at: { account?: string } = {}, owner = ACCOUNT): EvidenceRecord[] => [
  answer(
    'ec2:DescribeVpcs',
    {
      Vpcs: [
        { VpcId: 'vpc-cards', OwnerId: owner },
        { VpcId: 'vpc-web', OwnerId: owner },
      ],
    },
    { MaxResults: 1000 },
    at,
  ),
  answer(
    'ec2:DescribeSubnets',
    {
      Subnets: [
        { SubnetId: 'subnet-a', VpcId: 'vpc-cards', OwnerId: owner },
        { SubnetId: 'subnet-b', VpcId: 'vpc-cards', OwnerId: owner },
        { SubnetId: 'subnet-w', VpcId: 'vpc-web', OwnerId: owner },
      ],
    },
    { MaxResults: 1000 },
    at,
  ),
  answer(
    'ec2:DescribeNetworkInterfaces',
    {
      NetworkInterfaces: [
        { NetworkInterfaceId: 'eni-a', SubnetId: 'subnet-a', VpcId: 'vpc-cards', OwnerId: at.account ?? ACCOUNT },
        { NetworkInterfaceId: 'eni-b', SubnetId: 'subnet-b', VpcId: 'vpc-cards', OwnerId: at.account ?? ACCOUNT },
        { NetworkInterfaceId: 'eni-w', SubnetId: 'subnet-w', VpcId: 'vpc-web', OwnerId: at.account ?? ACCOUNT },
      ],
    },
    { MaxResults: 1000 },
    at,
  ),
];
const log = (fields: Record<string, unknown>) => ({
  FlowLogId: `fl-${String(fields.ResourceId)}-${String(fields.TrafficType ?? 'ALL')}`,
  TrafficType: 'ALL',
  FlowLogStatus: 'ACTIVE',
  DeliverLogsStatus: 'SUCCESS',
  LogDestinationType: 'cloud-watch-logs',
  LogGroupName: 'flow',
  LogDestination: GROUP,
  MaxAggregationInterval: 60,
  ...fields,
});
const logs = (...fields: Record<string, unknown>[]) => answer('ec2:DescribeFlowLogs', { FlowLogs: fields.map(log) }, { MaxResults: 1000 });
const groups = logGroups([{ logGroupName: 'flow', retentionInDays: 90 }]);
const estate = (flow: EvidenceRecord) => [...account(), ...network(), flow, noLake(), ...groups];

describe('flow logs', () => {
  it('takes a whole VPC where the flow log is on the VPC and takes all traffic', () => {
    const records = estate(logs({ ResourceId: 'vpc-cards' }));
    expect(verdict(records, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'covered', searchableDays: 90 });
    expect(verdict(records, SOURCE, 'vpc-web')).toMatchObject({ verdict: 'missing' });
  });

  it('joins the halves of accepted and of refused traffic', () => {
    expect(
      verdict(
        estate(logs({ ResourceId: 'vpc-cards', TrafficType: 'ACCEPT' }, { ResourceId: 'vpc-cards', TrafficType: 'REJECT' })),
        SOURCE,
        'vpc-cards',
      ).verdict,
    ).toBe('covered');
    const half = estate(logs({ ResourceId: 'vpc-cards', TrafficType: 'REJECT' }));
    expect(verdict(half, SOURCE, 'vpc-cards').verdict).toBe('partial');
    expect(verdict(half, SOURCE, 'vpc-cards', { action: { equals: ['ACCEPT'] } }).verdict).toBe('missing');
  });

  it('joins all subnets of a VPC, and leaves out what one subnet leaves out', () => {
    expect(verdict(estate(logs({ ResourceId: 'subnet-a' }, { ResourceId: 'subnet-b' })), SOURCE, 'vpc-cards').verdict).toBe('covered');
    const one = estate(logs({ ResourceId: 'subnet-a' }));
    expect(verdict(one, SOURCE, 'vpc-cards').verdict).toBe('partial');
    expect(verdict(one, SOURCE, 'vpc-cards', { 'subnet-id': { equals: ['subnet-b'] } }).verdict).toBe('missing');
    expect(verdict(one, SOURCE, 'vpc-cards', { 'interface-id': { equals: ['eni-a'] } }).verdict).toBe('covered');
    expect(verdict(one, SOURCE, 'vpc-cards', { 'interface-id': { equals: ['eni-b'] } }).verdict).toBe('missing');
  });

  it('does not take a subnet for whole because its one interface is logged', () => {
    const one = estate(logs({ ResourceId: 'eni-a' }));
    expect(verdict(one, SOURCE, 'vpc-cards', { 'interface-id': { equals: ['eni-a'] } }).verdict).toBe('covered');
    expect(verdict(one, SOURCE, 'vpc-cards', { 'subnet-id': { equals: ['subnet-a'] } }).verdict).toBe('partial');
    expect(verdict(one, SOURCE, 'vpc-web').verdict).toBe('missing');
  });

  it('believes DeliverLogsStatus, not FlowLogStatus', () => {
    const failed = pathsOf(estate(logs({ ResourceId: 'vpc-cards', DeliverLogsStatus: 'FAILED', DeliverLogsErrorMessage: 'Access error' })));
    expect(judged(failed, emitterOf(failed, SOURCE, 'vpc-cards')).verdict).toBe('missing');
    expect(
      [...failed.edges.values()]
        .flat()
        .map((edge) => edge.delivery)
        .filter((one) => one.state === 'broken'),
    ).toEqual([expect.objectContaining({ why: expect.stringContaining('Access error') })]);
    expect(verdict(estate(logs({ ResourceId: 'vpc-cards', DeliverLogsStatus: undefined })), SOURCE, 'vpc-cards').verdict).toBe('covered');
    expect(
      verdict(
        estate(logs({ ResourceId: 'vpc-cards', DeliverLogsStatus: 'FAILED', DeliverLogsErrorMessage: 'Rate limited' })),
        SOURCE,
        'vpc-cards',
      ).verdict,
    ).toBe('unknown');
  });

  it('never calls missing what it was not allowed to read', () => {
    expect(verdict(estate(refusal('ec2:DescribeFlowLogs', { MaxResults: 1000 })), SOURCE, 'vpc-cards')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['ec2:DescribeFlowLogs AccessDenied'],
    });
    const lake = [...account(), ...network(), logs(), ...groups];
    expect(verdict(lake, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'unknown', unknowns: ['securitylake:ListDataLakes NotAsked'] });
    const halfWay = estate(answer('ec2:DescribeFlowLogs', { FlowLogs: [], NextToken: 'more' }, { MaxResults: 1000 }));
    expect(verdict(halfWay, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'unknown', unknowns: ['ec2:DescribeFlowLogs PageMissing'] });
    const filtered = estate(answer('ec2:DescribeFlowLogs', { FlowLogs: [] }, { Filter: [{ Name: 'resource-id', Values: ['vpc-web'] }] }));
    expect(verdict(filtered, SOURCE, 'vpc-cards').verdict).toBe('unknown');
  });

  it('leaves subnets open where they were not listed', () => {
    const records = [
      ...account(),
      ...network().filter((one) => one.op !== 'DescribeSubnets'),
      refusal('ec2:DescribeSubnets', { MaxResults: 1000 }),
      noLake(),
      ...groups,
    ];
    expect(verdict([...records, logs({ ResourceId: 'subnet-a' }, { ResourceId: 'subnet-b' })], SOURCE, 'vpc-cards').verdict).toBe(
      'partial',
    );
    expect(verdict([...records, logs({ ResourceId: 'vpc-cards' })], SOURCE, 'vpc-cards').verdict).toBe('covered');
  });

  it('says where it could not list networks', () => {
    const paths = pathsOf([
      ...account(ACCOUNT, [REGION, 'eu-north-1']),
      ...network(),
      logs(),
      noLake(),
      refusal('ec2:DescribeTransitGateways'),
    ]);
    expect(paths.blind.filter((one) => one.sources.includes(SOURCE)).map((one) => [one.scope.region, one.unknowns[0]?.code])).toEqual([
      ['eu-north-1', 'NotAsked'],
    ]);
    expect(
      paths.blind.filter((one) => one.sources.includes('aws.tgw.flowlogs')).map((one) => [one.scope.region, one.unknowns[0]?.code]),
    ).toEqual([
      ['eu-north-1', 'NotAsked'],
      ['eu-west-1', 'AccessDenied'],
    ]);
  });

  it("sees a shared VPC's flow log in its owner's account, and only there", () => {
    const participant = [...account(), ...network({}, OWNER), logs(), noLake()];
    expect(verdict(participant, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'unknown', unknowns: ['ec2:DescribeFlowLogs NotAsked'] });
    const ownersLogs = (list: readonly Record<string, unknown>[]) => [
      ...account(OWNER),
      answer('ec2:DescribeVpcs', { Vpcs: [] }, {}, { account: OWNER }),
      answer('ec2:DescribeFlowLogs', { FlowLogs: list }, {}, { account: OWNER }),
    ];
    expect(verdict([...participant, ...ownersLogs([])], SOURCE, 'vpc-cards').verdict).toBe('missing');
    const group = `arn:aws:logs:${REGION}:${OWNER}:log-group:flow`;
    const shown = [
      ...participant,
      ...ownersLogs([log({ ResourceId: 'vpc-cards', LogDestination: group })]),
      ...logGroups([{ logGroupName: 'flow', retentionInDays: 365 }], { account: OWNER }),
    ];
    expect(verdict(shown, SOURCE, 'vpc-cards')).toMatchObject({ verdict: 'covered', searchableDays: 365 });
  });

  it('reads the format and the time that records take', () => {
    const paths = pathsOf(
      estate(
        logs(
          { ResourceId: 'vpc-cards', LogFormat: ['version', 'vpc-id', 'action'].map((field) => `$\{${field}}`).join(' ') },
          { ResourceId: 'vpc-web', MaxAggregationInterval: 600 },
        ),
      ),
    );
    const [own] = emitterOf(paths, SOURCE, 'vpc-cards').taps;
    expect(own?.fields).toEqual(['version', 'vpc-id', 'action']);
    const [web] = emitterOf(paths, SOURCE, 'vpc-web').taps;
    expect(web?.fields).not.toContain('vpc-id');
    expect(paths.edges.get(web?.to ?? '')?.[0]?.latency).toBe(900);
    expect(paths.edges.get(own?.to ?? '')?.[0]?.latency).toBe(360);
  });

  it('judges the bucket where delivery has said nothing yet', () => {
    const toBucket = logs({
      ResourceId: 'vpc-cards',
      LogDestinationType: 's3',
      LogDestination: 'arn:aws:s3:::card-flow/net/',
      DeliverLogsStatus: undefined,
    });
    const policy = (statement: unknown) =>
      answer(
        's3:GetBucketPolicy',
        { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) },
        { Bucket: 'card-flow' },
        { region: null },
      );
    const bucket = [
      answer('s3:ListBuckets', { Buckets: [{ Name: 'card-flow', BucketRegion: REGION }] }, {}, { region: null }),
      refusal(
        's3:GetBucketLifecycleConfiguration',
        { Bucket: 'card-flow' },
        { region: null },
        { code: 'NoSuchLifecycleConfiguration', message: '' },
      ),
      answer('s3:GetBucketVersioning', {}, { Bucket: 'card-flow' }, { region: null }),
    ];
    const allow = {
      Effect: 'Allow',
      Principal: { Service: 'delivery.logs.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::card-flow/net/AWSLogs/${ACCOUNT}/*`,
    };
    expect(verdict([...estate(toBucket), ...bucket, policy(allow)], SOURCE, 'vpc-cards').verdict).toBe('covered');
    expect(
      verdict([...estate(toBucket), ...bucket, policy({ ...allow, Resource: 'arn:aws:s3:::card-flow/other/*' })], SOURCE, 'vpc-cards')
        .verdict,
    ).toBe('missing');
  });
});

describe('flow logs, event by event', () => {
  const events = [
    ['vpc-cards', 'subnet-a', 'eni-a'],
    ['vpc-cards', 'subnet-b', 'eni-b'],
    ['vpc-web', 'subnet-w', 'eni-w'],
    ['vpc-cards', 'subnet-a', 'eni-new'],
    ['vpc-web', 'subnet-w', 'eni-new'],
  ].flatMap(([vpc, subnet, eni]) =>
    ['ACCEPT', 'REJECT'].map((action) => ({ vpc: vpc as string, subnet: subnet as string, eni: eni as string, action })),
  );
  const anyLog = fc.record({
    ResourceId: fc.constantFrom(
      'vpc-cards',
      'vpc-web',
      'subnet-a',
      'subnet-b',
      'subnet-w',
      'eni-a',
      'eni-b',
      'eni-w',
      'eni-gone',
      'subnet-gone',
    ),
    TrafficType: fc.constantFrom('ALL', 'ACCEPT', 'REJECT'),
    DeliverLogsStatus: fc.constantFrom('SUCCESS', 'SUCCESS', 'FAILED'),
  });

  it('agrees with the rule as it is documented', () => {
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 6 }), (list) => {
        const paths = pathsOf(estate(logs(...list.map((one, index) => ({ ...one, FlowLogId: `fl-${index}` })))));
        for (const { vpc, subnet, eni, action } of events) {
          const taken = list.some(
            (one) =>
              [vpc, subnet, eni].includes(one.ResourceId) &&
              ['ALL', action].includes(one.TrafficType) &&
              one.DeliverLogsStatus === 'SUCCESS',
          );
          const where = { 'subnet-id': { equals: [subnet] }, 'interface-id': { equals: [eni] }, action: { equals: [action] } };
          expect(judged(paths, emitterOf(paths, SOURCE, vpc), where).verdict).toBe(taken ? 'covered' : 'missing');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('only loses certainty when an answer is refused', () => {
    const covered = estate(logs({ ResourceId: 'subnet-a' }, { ResourceId: 'subnet-b' }));
    const missing = estate(logs({ ResourceId: 'vpc-web' }));
    const refused = (records: readonly EvidenceRecord[], index: number) =>
      records.map(
        (record, position): EvidenceRecord =>
          position === index ? { ...record, body: undefined, error: { code: 'AccessDenied', message: '' } } : record,
      );
    const verdicts = (records: readonly EvidenceRecord[]) =>
      records.flatMap((record, index) => {
        if (record.op === 'DescribeVpcs' || record.service === 'account') return [];
        const paths = pathsOf(refused(records, index));
        // The need names its subnets, as far as it is known that there are any.
        return [judged(paths, emitterOf(paths, SOURCE, 'vpc-cards'), { 'subnet-id': { equals: ['subnet-a', 'subnet-b'] } }).verdict];
      });
    for (const one of verdicts(covered)) expect(['covered', 'unknown']).toContain(one);
    for (const one of verdicts(missing)) expect(['missing', 'unknown']).toContain(one);
  });

  it('leaves open what participants log on their interfaces in a VPC that the account shares', () => {
    const theirs = network().map((record) =>
      record.op === 'DescribeNetworkInterfaces'
        ? answer(
            'ec2:DescribeNetworkInterfaces',
            { NetworkInterfaces: [{ NetworkInterfaceId: 'eni-theirs', SubnetId: 'subnet-a', VpcId: 'vpc-cards', OwnerId: OWNER }] },
            { MaxResults: 1000 },
          )
        : record,
    );
    const records = [...account(), ...theirs, logs(), noLake()];
    expect(verdict(records, SOURCE, 'vpc-cards', { 'interface-id': { equals: ['eni-theirs'] } })).toMatchObject({
      verdict: 'unknown',
      unknowns: ['ec2:DescribeFlowLogs NotAsked'],
    });
    expect(verdict(records, SOURCE, 'vpc-cards', { 'subnet-id': { equals: ['subnet-b'] } }).verdict).toBe('missing');
  });
});

describe('transit gateway flow logs', () => {
  const gateway = [
    answer(
      'ec2:DescribeTransitGateways',
      {
        TransitGateways: [
          { TransitGatewayId: 'tgw-core', OwnerId: ACCOUNT, State: 'available' },
          { TransitGatewayId: 'tgw-theirs', OwnerId: OWNER, State: 'available' },
        ],
      },
      { MaxResults: 1000 },
    ),
    answer(
      'ec2:DescribeTransitGatewayAttachments',
      { TransitGatewayAttachments: [{ TransitGatewayAttachmentId: 'tgw-attach-1', TransitGatewayId: 'tgw-core' }] },
      { MaxResults: 1000 },
    ),
  ];

  it('takes all attachments from a flow log on the gateway, one from one on an attachment', () => {
    expect(
      verdict([...estate(logs({ ResourceId: 'tgw-core', TrafficType: undefined })), ...gateway], 'aws.tgw.flowlogs', 'tgw-core').verdict,
    ).toBe('covered');
    const one = [...estate(logs({ ResourceId: 'tgw-attach-1', TrafficType: undefined })), ...gateway];
    expect(verdict(one, 'aws.tgw.flowlogs', 'tgw-core').verdict).toBe('partial');
    expect(verdict(one, 'aws.tgw.flowlogs', 'tgw-core', { 'tgw-attachment-id': { equals: ['tgw-attach-1'] } }).verdict).toBe('covered');
    expect(verdict([...estate(logs()), ...gateway], 'aws.tgw.flowlogs', 'tgw-core').verdict).toBe('missing');
    expect(pathsOf(one).emitters.some((emitter) => emitter.scope.resource?.includes('tgw-theirs'))).toBe(false);
  });
});

describe('collecting flow logs', () => {
  it('asks for whole lists, follows pages and names destinations', async () => {
    const page = (number: number, list: readonly Record<string, unknown>[], next?: string) =>
      answer(
        'ec2:DescribeFlowLogs',
        { FlowLogs: list.map(log), ...(next ? { NextToken: next } : {}) },
        { MaxResults: 1000 },
        { page: number },
      );
    const seen = await collected(flowLogs, [
      ...account(),
      ...network(),
      page(0, [{ ResourceId: 'vpc-cards' }], 'more'),
      page(1, [
        { ResourceId: 'vpc-web', LogDestinationType: 's3', LogDestination: 'arn:aws:s3:::card-flow/net/' },
        {
          ResourceId: 'subnet-w',
          LogDestinationType: 'kinesis-data-firehose',
          LogDestination: `arn:aws:firehose:${REGION}:${ACCOUNT}:deliverystream/siem`,
        },
      ]),
      answer('ec2:DescribeTransitGateways', { TransitGateways: [] }, { MaxResults: 1000 }),
    ]);
    expect(seen.failures).toEqual([]);
    expect(seen.unmatched).toEqual([]);
    expect(seen.wanted).toEqual([
      `cloudwatch-logs ${GROUP}`,
      `firehose arn:aws:firehose:${REGION}:${ACCOUNT}:deliverystream/siem`,
      's3 card-flow',
    ]);
    expect(seen.asked.map((one) => one.op)).not.toContain('DescribeTransitGatewayAttachments');
    const paths = pathsOf([...seen.records, noLake(), ...groups]);
    expect(judged(paths, emitterOf(paths, SOURCE, 'vpc-cards')).verdict).toBe('covered');
  });
});
