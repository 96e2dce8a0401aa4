/** A node group of Cluster Autoscaler, as its status tells of it. */
export interface NodeGroup {
  readonly name: string;
  /** How many nodes it is to have now, and may have. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
  readonly isHealthy: boolean;
  /** Its last nodes did not come: Cluster Autoscaler grows it not for some minutes, it has no room. */
  readonly isBackingOff: boolean;
}

/** Where Cluster Autoscaler keeps its status unless it is told otherwise (`--status-config-map-name`), in its own namespace. */
export const AUTOSCALER_STATUS = 'cluster-autoscaler-status';

/** A ConfigMap has no more. */
const MOST_CHARACTERS = 1_024 * 1_024;

/**
 * The node groups that a status names, YAML (1.30 and later) or in words (before); `undefined` where it is neither. It is read line by
 * line, as Go writes it: parsing 1,000 groups as YAML would hold up every admission for half a second.
 */
export function readNodeGroups(status: string): readonly NodeGroup[] | undefined {
  if (status.length > MOST_CHARACTERS) return undefined;
  return status.startsWith('Cluster-autoscaler status at ') ? readWords(status) : readYaml(status);
}

/** What its lines say of a group. */
interface GroupLines {
  name?: string | undefined;
  health?: string;
  target?: string;
  min?: string;
  max?: string;
  scaleUp?: string;
}

const GROUPS = /^nodeGroups:(.*)$/m;
/** What ends the list: a key of the status itself. */
const NEXT_KEY = /^[A-Za-z]/m;
/** Lines that count, whatever is between them. */
const LINE =
  /^( *)(- +)?(name|health|scaleUp|scaleDown|status|backoffInfo|cloudProviderTarget|minSize|maxSize):(?: +(.*))?$/gm;

/** By the key, and that of its section. */
const FIELDS: Readonly<Record<string, keyof GroupLines>> = {
  name: 'name',
  'health status': 'health',
  'health cloudProviderTarget': 'target',
  'health minSize': 'min',
  'health maxSize': 'max',
  'scaleUp status': 'scaleUp',
};

/**
 * ```yaml
 * nodeGroups:
 * - name: a                    # a dash begins a group
 *   health:                    # a section: as deep as the name
 *     cloudProviderTarget: 3   # its own keys: as deep as the first of them
 * ```
 */
function readYaml(status: string): readonly NodeGroup[] | undefined {
  const head = GROUPS.exec(status);
  if (!head) return isOfYaml(status) ? [] : undefined;
  const [line, value = ''] = head;
  if (value.trim() !== '') return /^ *(?:\[\]|null)\s*$/.test(value) ? [] : undefined;
  const rest = status.slice(head.index + line.length);
  return groupsIn(rest.slice(0, NEXT_KEY.exec(rest)?.index)).flatMap(toGroup);
}

function groupsIn(list: string): readonly GroupLines[] {
  const groups: GroupLines[] = [];
  let depth = Number.POSITIVE_INFINITY;
  let section = { key: '', depth: 0 };
  for (const { column, isItem, key, value } of linesOf(list)) {
    if (isItem && column <= depth) {
      groups.push({});
      depth = column;
    }
    if (column === depth) section = { key, depth: 0 };
    else if (section.depth === 0) section.depth = column;
    const field = FIELDS[pathAt(column, depth, section, key)];
    if (field) Object.assign(groups.at(-1) ?? {}, { [field]: scalarOf(value) });
  }
  return groups;
}

function pathAt(column: number, depth: number, section: { readonly key: string; readonly depth: number }, key: string) {
  if (column === depth) return key;
  return column === section.depth ? `${section.key} ${key}` : '';
}

function* linesOf(list: string) {
  for (const [, indent = '', dash = '', key = '', value = ''] of list.matchAll(LINE))
    yield { column: indent.length + dash.length, isItem: dash !== '', key, value };
}

/** A key or an item at least, or nothing but empty lines and comments. */
function isOfYaml(status: string): boolean {
  return /^(?:[A-Za-z]+:(?: |$)|- )/m.test(status) || !/^[^\s#]/m.test(status);
}

/** `a`, `'a'`, `"a"`. */
function scalarOf(value: string): string {
  const text = value.trim();
  if (/^'.*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** Of Cluster Autoscaler before 1.30, whose status is for people. */
const WORDS = /^ *(Name|Health|ScaleUp): +(\S+)(?: (.*))?$/gm;
const SIZES = /cloudProviderTarget=(\d+) \(minSize=(\d+), maxSize=(\d+)\)/;

function readWords(status: string): readonly NodeGroup[] {
  const groups: GroupLines[] = [];
  for (const [, key, word = '', more = ''] of status.matchAll(WORDS)) {
    const group = groups.at(-1);
    if (key === 'Name') groups.push({ name: word });
    else if (!group)
      continue; // of the whole cluster
    else if (key === 'ScaleUp') group.scaleUp = word;
    else {
      const [, target = '', min = '', max = ''] = SIZES.exec(more) ?? [];
      Object.assign(group, { health: word, target, min, max });
    }
  }
  return groups.flatMap(toGroup);
}

/** Without a name or a highest size it is none. */
function toGroup({ name, health, target = '0', min = '0', max, scaleUp }: GroupLines): readonly NodeGroup[] {
  if (!name || ![target, min, max].every((size) => size !== undefined && /^\d{1,9}$/.test(size))) return [];
  const sizes = { target: Number(target), min: Number(min), max: Number(max) };
  return [{ name, ...sizes, isHealthy: health === 'Healthy', isBackingOff: scaleUp === 'Backoff' }];
}

/** As Go writes it: `2026-09-15 04:05:52.354884346 +0000 UTC`. */
const WRITTEN_AT =
  /^(?:time: "?|Cluster-autoscaler status at )(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)/m;

/** Epoch milliseconds; `undefined` where the status does not say when it was written. */
export function readStatusTime(status: string): number | undefined {
  const [, day, time, hours, minutes] = WRITTEN_AT.exec(status) ?? [];
  const at = Date.parse(`${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(at) ? undefined : at;
}
