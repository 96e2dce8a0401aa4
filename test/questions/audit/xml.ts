import assert from 'node:assert/strict';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own, without that of its children. */
  readonly text: string;
}

interface Open extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

const TOKEN = /<\?xml[^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /([\w-]+)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NOT_A_CHARACTER = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/**
 * A reader of the XML that reports need (no comments, CDATA or namespaces), strict in what it takes: XML 1.0 characters alone,
 * known entities and characters by their number, tags that match, one root. Throws at the first mistake.
 */
export function parseXml(text: string): XmlElement {
  assert.doesNotMatch(text, NOT_A_CHARACTER);
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    assert.ok(match, `not XML at ${at}: ${text.slice(at, at + 80)}`);
    const [, closed, opened, written = '', isEmpty, characters] = match;
    const current = open.at(-1);
    assert.ok(current);
    if (closed !== undefined) assert.equal(open.pop()?.name, closed);
    else if (characters !== undefined) current.text += decode(characters);
    else if (opened !== undefined) {
      const element: Open = { name: opened, attributes: attributesOf(written), children: [], text: '' };
      current.children.push(element);
      if (isEmpty !== '/') open.push(element);
    }
  }
  assert.equal(open.length, 1, 'not closed');
  const [only, ...more] = root.children;
  assert.ok(only && more.length === 0 && root.text.trim() === '', 'not one root');
  return only;
}

function attributesOf(written: string): Readonly<Record<string, string>> {
  const found = [...written.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, decode(value)] as const);
  assert.equal(new Set(found.map(([name]) => name)).size, found.length, 'an attribute twice');
  return Object.fromEntries(found);
}

function decode(text: string): string {
  assert.ok(!text.includes(']]>'), 'the end of CDATA in text');
  return text.replace(/&([^;\s]*;?)/g, (_, entity: string) => {
    const [, code] = /^#x([\da-f]+);$/.exec(entity) ?? [];
    const character =
      code === undefined ? ENTITIES[entity.replace(/;$/, '')] : String.fromCodePoint(Number.parseInt(code, 16));
    assert.ok(entity.endsWith(';') && character, `no entity: &${entity}`);
    return character;
  });
}
