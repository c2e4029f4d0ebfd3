import { writeTime } from './json.ts';
import type { Shape } from './shape.ts';

type Fields = Readonly<Record<string, unknown>>;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;', '\n': '&#xA;' };

/** Text as XML content or attribute. What XML 1.0 cannot hold at all becomes the replacement character. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters XML refuses
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, '\uFFFD')
      .replace(/[&<>"\r\n]/g, (character) => ENTITIES[character] as string)
  );
}

/** The members of a struct that travel in the body, one element each. */
export function membersToXml(shape: Shape, value: Fields): string {
  let xml = '';
  for (const [name, member] of shape.members) {
    const inner = value[name];
    if (inner === undefined || inner === null || member.traits.xmlAttribute || outsideBody(member)) continue;
    xml += elementOf(String(member.own.xmlName ?? name), member, inner);
  }
  return xml;
}

/** One value as an element. */
export function elementOf(name: string, shape: Shape, value: unknown): string {
  if (shape.kind === 'list') {
    const items = Array.isArray(value) ? value : [];
    if (shape.traits.xmlFlattened) return items.map((item) => elementOf(name, shape.value, item)).join('');
    const itemName = String(shape.value.traits.xmlName ?? 'member');
    return `<${name}>${items.map((item) => elementOf(itemName, shape.value, item)).join('')}</${name}>`;
  }
  if (shape.kind === 'map') {
    const keyName = String(shape.key.traits.xmlName ?? 'key');
    const valueName = String(shape.value.traits.xmlName ?? 'value');
    const entries = Object.entries(value as Fields).map(
      ([key, item]) => elementOf(keyName, shape.key, key) + elementOf(valueName, shape.value, item),
    );
    if (shape.traits.xmlFlattened) return entries.map((entry) => `<${name}>${entry}</${name}>`).join('');
    return `<${name}>${entries.map((entry) => `<entry>${entry}</entry>`).join('')}</${name}>`;
  }
  if (shape.kind === 'struct') {
    const fields = value as Fields;
    let attributes = '';
    for (const [member, inner] of shape.members) {
      if (!inner.traits.xmlAttribute || fields[member] === undefined) continue;
      const attribute = String(inner.traits.xmlName ?? member);
      const [prefix] = attribute.split(':');
      if (attribute.includes(':')) attributes += ` xmlns:${prefix}="http://www.w3.org/2001/XMLSchema-instance"`;
      attributes += ` ${attribute}="${escapeXml(String(fields[member]))}"`;
    }
    return `<${name}${attributes}>${membersToXml(shape, fields)}</${name}>`;
  }
  const text = shape.kind === 'timestamp' ? writeTime(value, shape.format ?? 'date-time') : value;
  return `<${name}>${escapeXml(typeof text === 'object' ? JSON.stringify(text) : String(text))}</${name}>`;
}

/** Whether a member travels in a header, the path or the status line. */
export function outsideBody(member: Shape): boolean {
  return ['httpHeader', 'httpLabel', 'httpQuery', 'httpQueryParams', 'httpPrefixHeaders', 'httpResponseCode'].some(
    (trait) => member.traits[trait] !== undefined,
  );
}
