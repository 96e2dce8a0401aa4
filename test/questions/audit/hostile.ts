/** What a file may call a workload, though no API server would take it. */
export const HOSTILE_NAMES: readonly (readonly [what: string, name: string])[] = [
  ['markup', `"'><img src=x onerror="hacked=1"><script>hacked=1</script>`],
  ['the end of CDATA', 'a]]>b'],
  ['control characters', 'a\u0000\u0008\u001b[31m\nb\r\tc\u007f'],
  ['what XML has no word for', 'a\uFFFE\uFFFF\uD800b'],
  ['text from right to left', 'a\u202Eexe.bew\u2066'],
  ['as many characters as there may be', 'x'.repeat(253)],
  ['the name of a prototype', '__proto__'],
  ['what every object has', 'constructor'],
  ['an emoji', '🌱'.repeat(100)],
  ['entities', '&lt;&amp;&#0;'],
  ['placeholders of a chart', '{value}{a|b} {c}'],
];
