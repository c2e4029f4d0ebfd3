import { describe, expect, it } from 'vitest';
import { publicZoneLogs } from '../../../connectors/aws/public-zone-logs.ts';
import { collected } from './collecting.ts';
import { ACCOUNT, account, answer, logGroups, pathsOf, refusal, verdict } from './reading.ts';

const SOURCE = 'aws.route53.public';
const at = { region: null };
const zones = answer(
  'route53:ListHostedZones',
  {
    HostedZones: [
      { Id: '/hostedzone/Z1CARDS', Name: 'cards.example.', Config: { PrivateZone: false } },
      { Id: '/hostedzone/Z2WEB', Name: 'web.example.', Config: { PrivateZone: false } },
      { Id: '/hostedzone/Z3INSIDE', Name: 'inside.example.', Config: { PrivateZone: true } },
    ],
    IsTruncated: false,
    MaxItems: 100,
  },
  {},
  at,
);
const configs = (region = 'us-east-1') =>
  answer(
    'route53:ListQueryLoggingConfigs',
    {
      QueryLoggingConfigs: [
        {
          Id: 'q-1',
          HostedZoneId: 'Z1CARDS',
          CloudWatchLogsLogGroupArn: `arn:aws:logs:${region}:${ACCOUNT}:log-group:/aws/route53/cards:*`,
        },
      ],
    },
    {},
    at,
  );
const groups = (region = 'us-east-1') => logGroups([{ logGroupName: '/aws/route53/cards', retentionInDays: 30 }], { region });

describe('public zone query logs', () => {
  it('takes the zones that have a configuration, and no private zone', () => {
    const records = [...account(), zones, configs(), ...groups()];
    expect(verdict(records, SOURCE, 'Z1CARDS')).toMatchObject({ verdict: 'covered', searchableDays: 30 });
    expect(verdict(records, SOURCE, 'Z2WEB').verdict).toBe('missing');
    const paths = pathsOf(records);
    expect(paths.emitters.filter((one) => one.sources.includes(SOURCE))).toHaveLength(2);
    expect(paths.resources.filter((one) => one.type === 'aws.route53.zone').map((one) => one.id)).toContain(
      'arn:aws:route53:::hostedzone/Z3INSIDE',
    );
  });

  it('knows that only us-east-1 takes them', () => {
    expect(verdict([...account(), zones, configs('eu-west-1'), ...groups('eu-west-1')], SOURCE, 'Z1CARDS').verdict).toBe('missing');
  });

  it('is unknown where the configurations were not read, and blind where the zones were not', () => {
    expect(verdict([...account(), zones, refusal('route53:ListQueryLoggingConfigs', {}, at)], SOURCE, 'Z1CARDS')).toMatchObject({
      verdict: 'unknown',
      unknowns: ['route53:ListQueryLoggingConfigs AccessDenied'],
    });
    expect(pathsOf([...account(), refusal('route53:ListHostedZones', {}, at)]).blind).toContainEqual(
      expect.objectContaining({ sources: [SOURCE], unknowns: [expect.objectContaining({ code: 'AccessDenied' })] }),
    );
  });

  it('asks for what it reads', async () => {
    const seen = await collected(publicZoneLogs, [...account(), zones, configs()]);
    expect([seen.failures, seen.unmatched, seen.wanted]).toEqual([
      [],
      [],
      [`cloudwatch-logs arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/route53/cards`],
    ]);
    expect(verdict([...seen.records, ...groups()], SOURCE, 'Z1CARDS').verdict).toBe('covered');
  });
});
