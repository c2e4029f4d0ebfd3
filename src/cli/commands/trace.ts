import type { Trace, TracedEvent, TraceVerdict } from '../../assess/trace.ts';
import type { Command } from '../command.ts';
import { configOption } from '../shared-options.ts';
import { evidenceFiles } from './assess.ts';

export const traceCommand: Command = {
  name: 'trace',
  about: 'route one concrete event: where it lands and for how long, or what loses it',
  arguments: [{ name: '[event]', about: 'a JSON file with the event; - is stdin' }],
  options: [
    { flags: '-e, --evidence <file...>', about: 'evidence as NDJSON (.gz too) or a Viewshed store; left out: the store' },
    { flags: '--store <file>', about: 'the evidence store that is read without --evidence', default: '.viewshed/evidence.db' },
    { flags: '--scan <id>', about: 'which scan of the store; left out: the newest' },
    { flags: '--as-of <time>', about: 'the clock, ISO 8601; left out: the time of the newest answer' },
    { flags: '-f, --format <name>', about: 'how it is printed', default: 'terminal', choices: ['terminal', 'json'] },
    configOption,
  ],
  notes: [
    'The event is a CloudTrail record as AWS writes it (one, a delivered file with Records, what lookup-events answers, an EventBridge event), a log',
    'entry as Google Cloud writes it (one, a list, what entries.list answers, a message of Pub/Sub), or one of any log source, as people state it:',
    '  {"source": "aws.cloudtrail.data.s3", "account": "111122223333", "region": "eu-west-1",',
    '   "fields": {"eventName": "GetObject", "resources.ARN": "arn:aws:s3:::card-vault/statement.pdf"}}',
    '`viewshed sources ID` lists the fields. What is known of such events (readOnly of GetObject) need not be said.',
    '',
    'Exit codes: 0 kept where somebody can search it, 1 lost, 2 wrong usage or input, 3 what was read does not settle it.',
  ],
  examples: [
    'viewshed trace event.json --evidence scan.ndjson.gz',
    'aws cloudtrail lookup-events --max-results 1 | viewshed trace -',
    'gcloud logging read \'LOG_ID("cloudaudit.googleapis.com/activity")\' --limit=1 --format=json | viewshed trace -',
  ],
  async run(options, [file], io) {
    const [
      { settingsOf },
      { readEvidence },
      { readEvents },
      { traceEvent },
      { callTable, readPaths },
      { EvidenceView },
      { loadRules },
      { InputError },
    ] = await Promise.all([
      import('../settings.ts'),
      import('../read-evidence.ts'),
      import('../read-events.ts'),
      import('../../assess/trace.ts'),
      import('../../../connectors/index.ts'),
      import('../../store/view.ts'),
      import('../../needs/rules.ts'),
      import('../../model/input-error.ts'),
    ]);
    if (file === undefined)
      throw new InputError(
        'trace needs an event: `viewshed trace EVENT.json --evidence FILE` (the event goes before --evidence; - is stdin)',
      );
    const settings = settingsOf(options, io);
    const rules = loadRules();
    const events = await readEvents(file, rules);
    const files = await evidenceFiles(options.evidence, settings.store);
    if (file === '-' && files.includes('-')) throw new InputError('the event and the evidence cannot both be read from standard input');
    const view = new EvidenceView(await readEvidence(files, options.scan as string | undefined), callTable);
    const paths = readPaths(view, settings.asOf ?? view.newest ?? io.now());
    // Logs repeat themselves: equal events go one way.
    const known = new Map<string, Trace>();
    const routed = (event: TracedEvent): Trace => {
      const key = JSON.stringify(event);
      const found = known.get(key) ?? traceEvent(paths, rules, event);
      known.set(key, found);
      return found;
    };
    const traces = events.map(({ label, event }) => ({ label, account: event.account, region: event.region, trace: routed(event) }));
    const [{ renderTrace, renderTraces }, { jsonText }] = await Promise.all([
      import('../trace-text.ts'),
      import('../../../reports/escape.ts'),
    ]);
    if (options.format === 'json') {
      const told = traces.map(({ account, region, trace }) => ({
        ...trace,
        ...(account === undefined ? {} : { account }),
        ...(region === undefined ? {} : { region }),
      }));
      io.out(`${jsonText(JSON.stringify(told.length === 1 ? told[0] : told, undefined, 2))}\n`);
    } else if (traces.length === 1) io.out(renderTrace(traces[0] as (typeof traces)[number], io.terminal));
    else io.out(renderTraces(traces, io.terminal));
    return exitOf(traces.map((one) => one.trace.verdict));
  },
};

function exitOf(verdicts: readonly TraceVerdict[]): number {
  if (verdicts.includes('lost')) return 1;
  return verdicts.includes('unsettled') ? 3 : 0;
}
