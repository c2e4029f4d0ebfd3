import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { html } from '../../reports/html.ts';
import type { ReportContext } from '../../reports/index.ts';
import type { Assessment } from '../../src/model/assessment.ts';
import type { StoredEvidence } from '../../src/model/evidence.ts';
import { sample, sampleEvidence } from '../fixtures/assessment-sample.ts';
import { sampleWithModel } from '../fixtures/assessment-with-model.ts';
import { HOSTILE, hostileCopy } from './hostile.ts';

const context: ReportContext = { evidence: (id) => sampleEvidence.get(id), width: 80, color: false };
const answers = (
  page: string,
): Map<number, { same?: number; answer?: { body?: unknown; error?: unknown }; cut?: string; length?: number }> =>
  new Map(
    [...page.matchAll(/<script type="application\/json" id="e(\d+)">(.*?)<\/script>/gs)].map((match) => [
      Number(match[1]),
      JSON.parse(match[2] as string),
    ]),
  );

describe('the HTML report', () => {
  const page = html.render(sample, context);

  it('allows nothing but its own style and script', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(/<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '')}`);
    expect(policy).toContain(`script-src ${hash(/<script>(.*?)<\/script>/s.exec(page)?.[1] ?? '')}`);
    expect(/<[a-z][^<>]* (style|on\w+)=/.exec(page)?.[0]).toBeUndefined();
    expect(/<[a-z][^<>]* (src|srcset|action|poster)=/.exec(page)?.[0]).toBeUndefined();
    for (const [, link] of page.matchAll(/ href="([^"]*)"/g))
      expect(link).toMatch(/^(#|https:\/\/attack\.mitre\.org\/techniques\/T\d{4}\/)/);
  });

  it('says every verdict in words, and leads from the matrix to the need', () => {
    for (const need of sample.needs) {
      expect(page).toContain(`id="need-${need.id}"`);
      expect(page).toContain(`href="#need-${need.id}"`);
    }
    for (const word of ['missing', 'partial', 'unknown', 'covered', 'unobservable', 'not applicable'])
      expect(page).toContain(`<span>${word}</span>`);
  });

  it('draws the cut with the event that is lost there', () => {
    const cut = /<div class="edge none cut">.*?<\/div>/s.exec(page)?.[0] ?? '';
    expect(cut).toContain('nothing passes');
    expect(cut).toContain('readOnly = false: reads are left out');
    expect(cut).toContain('GetObject arn:aws:s3:::card-vault/2026/11/cards.parquet');
  });

  it('carries every cited answer as it came, once', () => {
    const cited = new Set([...page.matchAll(/data-answers="([\d ]+)"/g)].flatMap((match) => (match[1] as string).split(' ').map(Number)));
    const embedded = answers(page);
    expect([...embedded.keys()].sort((a, b) => a - b)).toEqual([...cited].sort((a, b) => a - b));
    for (const [id, { answer: own, same }] of embedded) {
      const answer = same === undefined ? own : embedded.get(same)?.answer;
      const { body, error } = sampleEvidence.get(id) as StoredEvidence;
      expect(answer).toEqual(JSON.parse(JSON.stringify({ body, error })));
    }
  });

  it('holds equal answers once, cuts long ones and keeps the whole small', () => {
    const long = 'x'.repeat(200_000);
    const many = Array.from({ length: 400 }, (_, index) => index + 1);
    const big = html.render(
      { ...sample, inventory: [{ ...(sample.inventory[0] as Assessment['inventory'][number]), findings: [], evidence: many }], needs: [] },
      {
        ...context,
        evidence: (id) => ({ ...(sampleEvidence.get(2) as StoredEvidence), id, body: id < 10 ? { equal: true } : { id, long } }),
      },
    );
    const embedded = answers(big);
    expect(embedded.get(1)?.answer).toEqual({ body: { equal: true } });
    expect(embedded.get(2)?.same).toBe(1);
    expect(embedded.get(10)?.cut?.length).toBe(64 * 1024);
    expect(embedded.get(400)?.answer).toBeUndefined();
    expect(embedded.get(400)?.length).toBeGreaterThan(200_000);
    expect(big.length).toBeLessThan(12e6);
  });

  it('shows claims, what parts of a model stand for, reasons and what would prove a need', () => {
    const full = html.render(sampleWithModel, context);
    for (const id of ['claims', 'models']) {
      expect(full).toContain(`<a href="#${id}">`);
      expect(full).toContain(`<section id="${id}"`);
      expect(page).not.toContain(`id="${id}"`);
    }
    expect(full.indexOf('<section id="claims"')).toBeLessThan(full.indexOf('<section id="matrix"'));
    for (const words of [
      '<b>2</b> of 4 claims of the model are <a href="#claims">not so</a>',
      'S3 access logging: resolved',
      'an assumption is no evidence',
      'stated 7 days, kept 30 days, asked 365 days',
      '14 components, 3 not understood; 6 threats, 1 that no log shows',
      'and 16 more</span>',
      'arn:aws:s3:::card-exports</code> 0.50; from 0.6 on it counts',
      'Backend: nothing tells what it is, or whose',
      'Reads of objects are data events: &quot;A stolen role can read the card vault&quot;',
      'cards.tc.json#/threats/0/statement',
      'Read a canary object as the role that the threat is about.',
      'S3 bulk read and T1530 analytic 12',
    ])
      expect(full).toContain(words);
  });

  it.each([
    ['alone', sample],
    ['with a model', sampleWithModel],
  ])('keeps hostile strings text, in names and in answers: %s', (_, assessment) => {
    const body = { texts: HOSTILE, tag: '</script><script>window.pwned=1</script><!--' };
    const spoiled = html.render(hostileCopy(assessment), {
      ...context,
      version: HOSTILE[1],
      evidence: (id) => ({ ...(sampleEvidence.get(2) as StoredEvidence), id, account: HOSTILE[3], body: { ...body, id } }),
    });
    expect(/<script>window|<img|<svg\/|<style>\*|\]\]><|href="javascript/i.exec(spoiled)?.[0]).toBeUndefined();
    expect(spoiled.match(/<script>/g)).toHaveLength(1);
    expect(spoiled.match(/<style>/g)).toHaveLength(1);
    expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.exec(spoiled.replaceAll('\n', ''))?.[0]).toBeUndefined();
    expect(JSON.stringify([...answers(spoiled).values()][0]?.answer)).toContain('window.pwned');
  });

  it('prints 200 accounts by 17 regions under 20 MB', () => {
    const accounts = Array.from({ length: 200 }, (_, index) => String(100_000_000_000 + index));
    const regions = Array.from({ length: 17 }, (_, index) => `region-${index + 1}`);
    const scopes = accounts.flatMap((account) => regions.map((region) => ({ provider: 'aws' as const, account, region })));
    const need = sample.needs[2] as Assessment['needs'][number];
    const row = sample.inventory[0] as Assessment['inventory'][number];
    const assessment: Assessment = {
      ...sample,
      estate: { accounts: accounts.map((id) => ({ provider: 'aws', id, state: 'scanned' as const })) },
      needs: Array.from({ length: 100 }, (_, index) => ({
        ...need,
        id: `n${index}`,
        threat: `t${index}`,
        asset: `asset-${index % 20}`,
        places: scopes.map((scope, place) => ({
          scope,
          verdict: place % 40 === 0 ? ('missing' as const) : ('covered' as const),
          because: place % 40 === 0 ? 'no trail' : 'trail',
        })),
        paths: scopes.map((place) => ({ ...(need.paths[0] as (typeof need.paths)[number]), place })),
      })),
      inventory: scopes.flatMap((scope, index) =>
        ['aws.cloudtrail.management', 'aws.vpc.flowlogs', 'aws.route53.resolver'].map((source, offset) => ({
          ...row,
          source,
          scope,
          evidence: [index * 3 + offset + 1],
        })),
      ),
    };
    const started = performance.now();
    const large = html.render(assessment, {
      ...context,
      evidence: (id) => ({
        ...(sampleEvidence.get(9) as StoredEvidence),
        id,
        account: accounts[id % 200],
        body: { FlowLogs: [{ FlowLogId: `fl-${id}`, LogDestination: 'arn:aws:s3:::flow-archive' }] },
      }),
    });
    expect(large.length).toBeLessThan(20e6);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(large).toContain('3,400');
  });

  it('prints an inventory without needs, and nothing at all', () => {
    expect(html.render({ ...sample, needs: [] }, context)).toContain('No threat model was given');
    expect(html.render({ ...sample, needs: [], inventory: [], estate: { accounts: [] } }, context)).not.toContain(
      '<section id="inventory"',
    );
  });
});
