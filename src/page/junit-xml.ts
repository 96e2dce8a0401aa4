import Builder from 'fast-xml-builder';

type Attributes = Readonly<Record<string, string | number>>;

const ATTRIBUTE = '@';
const TEXT = '#text';

const builder = new Builder({
  attributeNamePrefix: ATTRIBUTE,
  textNodeName: TEXT,
  ignoreAttributes: false,
  suppressBooleanAttributes: false,
  suppressEmptyNode: true,
  format: true,
});

export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** One case of a suite of JUnit; texts may hold anything. */
export interface TestCase {
  readonly attributes: Attributes;
  readonly failure?: Told;
  readonly error?: Told;
  /** Why it was left out. */
  readonly skipped?: string;
  readonly output?: string;
}

interface Told {
  readonly type: string;
  readonly message: string;
  /** Otherwise the message. */
  readonly text?: string;
}

export function testCase({ attributes: own, failure, error, skipped, output }: TestCase): string {
  return builder.build({
    testcase: {
      ...attributes(own),
      ...(failure && { failure: told(failure) }),
      ...(error && { error: told(error) }),
      ...(skipped !== undefined && { skipped: attributes({ message: skipped }) }),
      ...(output !== undefined && { 'system-out': inXml(output) }),
    },
  });
}

function told({ type, message, text = message }: Told): object {
  return { ...attributes({ type, message }), [TEXT]: inXml(text) };
}

/** An opening tag alone, for what comes in pieces. */
export function openTag(name: string, values: Attributes): string {
  return `${builder
    .build({ [name]: attributes(values) })
    .trimEnd()
    .replace(/\/>$/, '>')}\n`;
}

/** Readers of XML make a space of every line break in an attribute; ours is told so by whoever writes it. */
function attributes(values: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      ATTRIBUTE + name,
      typeof value === 'string' ? inXml(value).replace(/[\t\n\r]+/g, ' ') : value,
    ]),
  );
}

/** XML 1.0 has no way to write these, escaped or not (https://www.w3.org/TR/xml/#charsets). */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function inXml(text: string): string {
  return text.replace(NOT_IN_XML, '\u{FFFD}');
}
