/** Text in lines of at most `width` characters, each after `indent`; a word that is longer is broken. */
export function wrapText(text: string, width: number, indent: string): string {
  const room = Math.max(1, width - indent.length);
  const lines: string[] = [];
  let line: readonly string[] = [];
  for (const word of text.split(' ')) {
    // Characters, not halves of them.
    const characters = [...word];
    if (line.length > 0 && line.length + 1 + characters.length <= room) {
      line = [...line, ' ', ...characters];
      continue;
    }
    if (line.length > 0) lines.push(line.join(''));
    let rest = characters;
    for (; rest.length > room; rest = rest.slice(room)) lines.push(rest.slice(0, room).join(''));
    line = rest;
  }
  if (line.length > 0) lines.push(line.join(''));
  return lines.map((text) => `${indent}${text}\n`).join('');
}
