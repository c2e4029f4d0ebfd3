import type { LogClaim, Mitigation, ModelEvents, ModelThreat, Said } from '../../src/model/system-model.ts';
import type { Format } from './format.ts';
import {
  append,
  at,
  claimsIn,
  component,
  entries,
  type Field,
  fieldOf,
  flag,
  frame,
  isMap,
  known,
  maps,
  namedByFile,
  notes,
  said,
  severityOf,
  stated,
  techniquesIn,
  text,
  threat,
} from './said.ts';

/** Tactics and aims in the words of STRIDE. */
const AIMS: Readonly<Record<string, string>> = {
  datatheft: 'information-disclosure',
  datamanipulation: 'tampering',
  dataloss: 'tampering',
  dos: 'denial-of-service',
  ransom: 'denial-of-service',
};

/** Models of one cloud service, exact to the event: a threat names IAM actions, and an action names its CloudTrail event. */
export const trustoncloud: Format = {
  id: 'trustoncloud',
  name: 'TrustOnCloud service threat model',
  about: 'Threats of one service with the exact events that show them, and the controls, of which those about logs are claims.',
  doc: 'https://github.com/trustoncloud/threatmodel-for-aws-s3',
  recognise({ value }) {
    if (!isMap(value) || !isMap(value.metadata) || !Object.hasOwn(value.metadata, 'provider')) return undefined;
    return ['feature_classes', 'actions', 'controls'].every((key) => isMap(value[key])) ? {} : undefined;
  },
  read(document) {
    const kept = notes();
    const root = fieldOf(document, kept);
    const metadata = at(root, 'metadata');
    const provider = stated(at(metadata, 'provider'));
    const service = stated(at(metadata, 'service_name')) ?? stated(at(metadata, 'service'));
    const events = eventsOf(root, provider?.value.toLowerCase() ?? 'aws');

    const serviceId = text(at(metadata, 'service')) ?? 'service';
    const components = [
      component(
        metadata,
        serviceId,
        service ?? said(metadata, serviceId, 'assumed'),
        known({ nativeType: stated(at(metadata, 'service')), provider }),
      ),
    ];

    const mitigatedBy = new Map<string, string[]>();
    const mitigations: Mitigation[] = [];
    const claims: LogClaim[] = [];
    for (const { key, field } of entries(at(root, 'controls'))) {
      if (!isMap(field.value) || flag(at(field, 'retired')) === true) continue;
      const described = at(field, 'description');
      const words = plain(described);
      if (!words) continue;
      const threats = maps(at(field, 'mitigate')).flatMap((one) => text(at(one, 'threat')) ?? []);
      for (const id of threats) append(mitigatedBy, id, key);
      // A control of a published model is advice; that it was followed, no such file says.
      mitigations.push({
        id: key,
        text: words,
        status: said(field, { words: text(at(field, 'coso')) ?? 'control', is: 'proposed' }, 'assumed'),
      });
      if (claimsIn(words.value).length > 0) claims.push({ text: words, holds: 'planned', threats, components: [serviceId] });
    }

    const threats: ModelThreat[] = [];
    for (const { key, field } of entries(at(root, 'threats'))) {
      if (!isMap(field.value)) {
        kept.warn(field.pointer, 'expected a map; left out');
        continue;
      }
      if (flag(at(field, 'retired')) === true) {
        kept.warn(field.pointer, 'a retired threat; left out');
        continue;
      }
      const attack = at(field, 'mitre_attack');
      const aim = at(field, 'hlgoal');
      const stride = AIMS[(text(aim) ?? '').toLowerCase().replace(/\W/g, '')];
      const severity = at(field, 'cvss_severity');
      const is = severityOf(text(severity) ?? '');
      threats.push(
        threat(key, stated(at(field, 'name')) ?? said(field, key, 'assumed'), {
          text: plain(at(field, 'description')),
          stride: stride ? [said(aim, stride, 'mapped', text(aim))] : [],
          severity: is ? said(severity, { words: text(severity) ?? '', is }) : undefined,
          components: [said(at(field, 'feature_class'), serviceId, 'mapped')],
          attack: techniquesIn(text(attack) ?? '').map((id) => said(attack, id, 'stated', text(attack))),
          mitigations: mitigatedBy.get(key) ?? [],
          events: permissionsOf(at(field, 'access')).flatMap(({ permission, role, at: place }) => {
            const found = events.get(permission.toLowerCase());
            if (found) return found.map((one) => said(place, one, 'mapped', `${role}: ${permission}`));
            kept.warn(place.pointer, `the model lists no action for ${permission}, so its event is not known`);
            return [];
          }),
        }),
      );
    }
    const name = service ?? stated(at(metadata, 'service')) ?? namedByFile(document);
    return [{ ...frame(trustoncloud, document, name), components, threats, mitigations, claims, warnings: kept.list() }];
  },
};

/** The event of every IAM permission. One permission may stand for several API calls. */
function eventsOf(root: Field, product: string): ReadonlyMap<string, readonly ModelEvents[]> {
  const found = new Map<string, ModelEvents[]>();
  for (const { field } of entries(at(root, 'actions'))) {
    const permission = text(at(field, 'iam_permission'));
    if (permission === undefined) continue;
    const written = text(at(field, 'event_name'));
    const api = text(at(field, 'api'));
    const endpoint = text(at(field, 'endpoint'));
    const data = /^Data-(.+)-([^-]+)$/.exec(written ?? '');
    const base = { product, service: 'cloudtrail', ...(endpoint ? { endpoint } : {}) };
    const event: ModelEvents =
      written === undefined
        ? {
            logSource: { ...base, ...(api ? { api } : {}) },
            where: {},
            fields: [],
            unlogged: `CloudTrail records no event for ${api ?? permission}`,
          }
        : data
          ? {
              logSource: { ...base, category: 'data', resourceType: data[1] as string },
              where: { eventName: [data[2] as string], eventCategory: ['Data'], 'resources.type': [data[1] as string] },
              fields: [],
            }
          : { logSource: { ...base, category: 'management' }, where: { eventName: [written], eventCategory: ['Management'] }, fields: [] };
    for (const one of permission.toLowerCase().split(',')) append(found, one.trim(), event);
  }
  return found;
}

interface Permission {
  readonly permission: string;
  /** `UNIQUE AND OR OPTIONAL`: every one of them is an event that belongs to the threat. */
  readonly role: string;
  readonly at: Field;
}

/** The permissions of nested `{AND: [a, {OPTIONAL: b}]}`, in their order. */
function permissionsOf(access: Field): readonly Permission[] {
  const found: Permission[] = [];
  const left: { readonly field: Field; readonly role: string }[] = [{ field: access, role: 'UNIQUE' }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { field, role } = next;
    if (typeof field.value === 'string') {
      for (const one of field.value.split(',')) if (one.trim()) found.push({ permission: one.trim(), role, at: field });
    } else if (Array.isArray(field.value)) {
      for (let index = field.value.length - 1; index >= 0; index -= 1) left.push({ field: at(field, index), role });
    } else if (isMap(field.value)) {
      for (const key of Object.keys(field.value).reverse()) left.push({ field: at(field, key), role: key });
    } else if (field.value !== undefined && field.value !== null) field.notes.warn(field.pointer, 'expected IAM actions; left out');
  }
  return found;
}

/** A text without its HTML marks. */
function plain(field: Field): Said<string> | undefined {
  const words = text(field);
  if (words === undefined) return undefined;
  const bare = words.replace(/<\/?[a-z][^<>]{0,500}>/gi, '');
  return bare === words ? said(field, words) : said(field, bare, 'stated', words);
}
