/** How long a large threat model takes from its bytes to the model that needs are derived from, beside parsing the same bytes alone. */
import { parse } from 'yaml';
import { readDocument } from '../connectors/threat-models/document.ts';
import { importModels } from '../connectors/threat-models/index.ts';
import { derive } from '../src/needs/derive.ts';
import { loadKnowledge } from '../src/needs/knowledge.ts';
import { loadRules } from '../src/needs/rules.ts';
import { type Figure, median } from './figures.ts';

/** About as large as the largest models that teams publish, and some more. */
const THREATS = 1500;
const COMPONENTS = 400;
const WORDS = 'a stolen role of the application reads the records of other customers in bulk and copies them to an account of its own';

function threatComposer(): string {
  return JSON.stringify({
    schema: 1,
    applicationInfo: { name: 'Card vault', description: `Cards are kept. ${WORDS}.` },
    architecture: {
      description: 'Requests reach Amazon API Gateway.\n\nFunctions run on AWS Lambda.\n\nCards are kept in Amazon S3 and Amazon DynamoDB.',
    },
    threats: Array.from({ length: THREATS }, (_, index) => ({
      id: `threat-${index}`,
      numericId: index + 1,
      statement: `A threat actor with ${WORDS} (${index}) reads cards from Amazon S3`,
      threatSource: 'threat actor',
      prerequisites: WORDS,
      threatAction: WORDS,
      threatImpact: WORDS,
      metadata: [{ key: 'STRIDE', value: [['S', 'T', 'R', 'I', 'D', 'E'][index % 6]] }],
    })),
    mitigations: [],
    assumptions: [],
  });
}

function openThreatModel(): string {
  const lines = [
    'otmVersion: 0.2.0',
    'project: {name: Card vault, id: vault}',
    'trustZones:',
    '  - {id: cloud, name: Public Cloud, risk: {trustRating: 10}}',
    'components:',
  ];
  for (let index = 0; index < COMPONENTS; index += 1)
    lines.push(
      `  - id: part-${index}`,
      `    name: Card store ${index}`,
      '    type: s3',
      '    parent: {trustZone: cloud}',
      '    tags: [aws_s3_bucket]',
      `    description: ${WORDS}`,
      `    threats: [{threat: threat-${index}, state: exposed}]`,
    );
  lines.push('threats:');
  for (let index = 0; index < COMPONENTS; index += 1)
    lines.push(
      `  - id: threat-${index}`,
      `    name: ${WORDS}`,
      '    categories: [Information Disclosure]',
      '    risk: {likelihood: 50, impact: 50}',
    );
  return lines.join('\n');
}

export async function benchImport(times = 7): Promise<Figure[]> {
  const knowledge = loadKnowledge();
  const rules = loadRules();
  const models = [
    {
      name: 'Threat Composer',
      beside: 'JSON.parse',
      text: threatComposer(),
      alone: (text: string): unknown => JSON.parse(text),
      most: 100,
    },
    { name: 'Open Threat Model', beside: 'yaml parse', text: openThreatModel(), alone: (text: string): unknown => parse(text), most: 3 },
  ];
  const figures: Figure[] = [];
  for (const { name, beside, text, alone, most } of models) {
    const bytes = Buffer.from(text);
    const read = async () => importModels(await readDocument(bytes, 'model'), { lexicon: knowledge.lexicon });
    const rounds: { readonly alone: number; readonly whole: number; readonly derived: number }[] = [];
    for (let round = 0; round <= times; round += 1) {
      const began = performance.now();
      alone(text);
      const parsed = performance.now();
      const [model] = await read();
      const done = performance.now();
      if (model) derive(model, knowledge, rules);
      // The first round compiles what the others run.
      if (round > 0) rounds.push({ alone: parsed - began, whole: done - parsed, derived: performance.now() - done });
    }
    const milliseconds = (key: 'alone' | 'whole' | 'derived'): string => `${median(rounds.map((one) => one[key])).toFixed(0)} ms`;
    figures.push({
      name: `import of ${name}, ${(bytes.length / 2 ** 20).toFixed(1)} MiB / ${beside}`,
      measured: `${milliseconds('whole')} / ${milliseconds('alone')}, then derived in ${milliseconds('derived')}, median of ${times}`,
      ratio: median(rounds.map((one) => one.whole / one.alone)),
      most,
    });
  }
  return figures;
}
