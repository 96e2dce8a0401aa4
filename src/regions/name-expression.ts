/** Whether an expression is found in a name of printable ASCII; in any other it is not. */
export interface NameExpression {
  test(name: string): boolean;
}

/** Per place of a name, from before its first letter to behind its last: whether what was read of an expression may end there. */
type Places = readonly boolean[];
type Step = (name: string, from: Places) => Places;

const LONGEST_NAME = 500;
/** Of one expression, counting repetitions: it takes so many steps for each letter of a name at most. */
const MOST_STEPS = 1_000;

/** What is no part of the syntax, in Go as in JavaScript. */
const PLAIN = String.raw`[\x21-\x7e](?<![\\.+*?()|[\]{}^$])`;
/** `\.` and the like: a letter behind `\` may mean something, of which only `\d` and `\w` mean the same to both. */
const ESCAPED = String.raw`\\(?:[dwDW]|[\x21-\x7e](?<![0-9A-Za-z]))`;
const ITEM = String.raw`[0-9A-Za-z](?:-[0-9A-Za-z])?|[_./: @%,]|\\(?:[dw]|[-./])`;
const ATOM = new RegExp(String.raw`(?:${PLAIN}|${ESCAPED}|\.|\[\^?-?(?:${ITEM})+-?\])`, 'y');
const REPEATED = /(?:[*+?]|\{(\d{1,3})(,(\d{1,3})?)?\})\??/y;
const FIRST_LETTER = 0x21;
const LAST_LETTER = 0x7e;

/**
 * Compiles the part of regular expressions that Go (RE2, of Cluster Autoscaler) and JavaScript read alike; `undefined` where `text` has
 * more than that. It takes time that grows with the length of a name, whatever `text` says, as Go's does: every place that may be
 * reached is followed at once.
 *
 * | understood                                                | not                                                         |
 * | --------------------------------------------------------- | ----------------------------------------------------------- |
 * | letters, `.`, `\.`, `\d`, `\w`, `^`, `$`, `[a-z0-9_]`      | other letters behind `\`, `[[:alpha:]]`, `[]a]`             |
 * | `*`, `+`, `?`, `{2,5}` behind one of these                 | behind another repetition, or more than 1,000 steps in all  |
 * | `(a|b)`, `(?:a|b)`, `(a)?`                                 | a group that is repeated, named, or looks around            |
 * | `(?i)` at the beginning                                    | other flags, or elsewhere                                   |
 */
export function nameExpression(text: string): NameExpression | undefined {
  const [, flag, expression = ''] = /^(\(\?i\))?([\s\S]*)$/.exec(text) ?? [];
  const parser = parserOf(expression, flag === undefined ? '' : 'i');
  const step = parser.alternatives();
  if (!step || !parser.isAtEnd() || parser.steps() > MOST_STEPS) return undefined;
  return {
    test: (name) =>
      name.length <= LONGEST_NAME &&
      /^[\x21-\x7e]*$/.test(name) &&
      step(name, Array<boolean>(name.length + 1).fill(true)).includes(true),
  };
}

function parserOf(text: string, flags: string) {
  let at = 0;
  let steps = 0;

  function take(token: string): boolean {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  }

  function match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? undefined;
    at += found?.[0].length ?? 0;
    return found;
  }

  function alternatives(): Step | undefined {
    const all: Step[] = [];
    do {
      const one = sequence();
      if (!one) return undefined;
      all.push(one);
    } while (take('|'));
    return (name, from) => all.map((step) => step(name, from)).reduce(either);
  }

  function sequence(): Step | undefined {
    const all: Step[] = [];
    while (at < text.length && text[at] !== '|' && text[at] !== ')') {
      const one = anchor() ?? group() ?? letters();
      if (!one) return undefined;
      all.push(one);
    }
    return (name, from) => all.reduce((places, step) => (places.includes(true) ? step(name, places) : places), from);
  }

  function anchor(): Step | undefined {
    if (take('^')) return (_, from) => from.map((is, place) => is && place === 0);
    if (take('$')) return (name, from) => from.map((is, place) => is && place === name.length);
    return undefined;
  }

  function group(): Step | undefined {
    if (!(take('(?:') || take('('))) return undefined;
    const inner = alternatives();
    if (!inner || !take(')')) return undefined;
    return take('?') ? (name, from) => either(from, inner(name, from)) : inner;
  }

  /** What stands for one letter, and how often. */
  function letters(): Step | undefined {
    const [atom] = match(ATOM) ?? [];
    const isLetter = atom === undefined ? undefined : lettersOf(atom, flags);
    if (!isLetter) return undefined;
    const one: Step = (name, from) => from.map((_, place) => from[place - 1] === true && isLetter(name, place - 1));
    const repeated = match(REPEATED);
    const { least, most } = repeated ? timesOf(repeated) : { least: 1, most: 1 };
    steps += Math.max(1, most === Number.POSITIVE_INFINITY ? least + 1 : most);
    return most < least ? undefined : repeat(one, isLetter, least, most);
  }

  return { alternatives, isAtEnd: () => at === text.length, steps: () => steps };
}

type IsLetter = (name: string, index: number) => boolean;

/** By a table: an expression of one letter takes as long as any. */
function lettersOf(atom: string, flags: string): IsLetter | undefined {
  try {
    const expression = new RegExp(`^${atom}$`, flags);
    const table = Array.from(
      { length: LAST_LETTER + 1 },
      (_, code) => code >= FIRST_LETTER && expression.test(String.fromCharCode(code)),
    );
    return (name, index) => table[name.charCodeAt(index)] === true;
  } catch {
    return undefined; // [z-a]
  }
}

function timesOf([text, least, comma, most]: RegExpExecArray): { readonly least: number; readonly most: number } {
  if (text.startsWith('{'))
    return {
      least: Number(least),
      most: comma === undefined ? Number(least) : Number(most ?? Number.POSITIVE_INFINITY),
    };
  return { least: text.startsWith('+') ? 1 : 0, most: text.startsWith('?') ? 1 : Number.POSITIVE_INFINITY };
}

function repeat(one: Step, isLetter: IsLetter, least: number, most: number): Step {
  return (name, from) => {
    let places = from;
    for (let times = 0; times < least; times++) places = one(name, places);
    if (most === Number.POSITIVE_INFINITY) return onward(name, places, isLetter);
    let reached = places;
    for (let times = least; times < most; times++) {
      places = one(name, places);
      reached = either(reached, places);
    }
    return reached;
  };
}

/** As far as letters go on. */
function onward(name: string, from: Places, isLetter: IsLetter): Places {
  const reached = [...from];
  for (let place = 1; place < reached.length; place++)
    reached[place] ||= reached[place - 1] === true && isLetter(name, place - 1);
  return reached;
}

function either(some: Places, others: Places): Places {
  return some.map((is, place) => is || others[place] === true);
}
