const MARK = '\ufeff';

/**
 * Decodes bytes that come in pieces: UTF-8, or the UTF-16 whose byte order mark stands first. Files that stand one behind the
 * other bring their byte order marks: none at the beginning of a line is text.
 */
export function createTextPieces() {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  /** Of the two bytes that say which encoding it is, the first. */
  let first: Uint8Array | undefined;
  let isAtLineStart = true;

  function take(bytes: Uint8Array, isLast: boolean): string {
    if (!decoder) {
      const begin = first ? Buffer.concat([first, bytes]) : bytes;
      first = begin;
      if (begin.length < 2 && !isLast) return '';
      decoder = new TextDecoder(encodingOf(begin), { ignoreBOM: true });
      return withoutMarks(decoder.decode(begin, { stream: !isLast }));
    }
    return withoutMarks(decoder.decode(bytes, { stream: !isLast }));
  }

  function withoutMarks(text: string): string {
    const begin = isAtLineStart && text.startsWith(MARK) ? text.slice(1) : text;
    if (text !== '') isAtLineStart = text.endsWith('\n');
    return begin.includes(MARK) ? begin.replaceAll(`\n${MARK}`, '\n') : begin;
  }

  return {
    decode: (bytes: Uint8Array) => take(bytes, false),
    /** What is left when nothing more comes. */
    end: () => take(new Uint8Array(), true),
  };
}

/** The text of a whole file. */
export function decodeText(bytes: Uint8Array): string {
  const pieces = createTextPieces();
  return pieces.decode(bytes) + pieces.end();
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
