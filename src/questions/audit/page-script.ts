/**
 * Sorts the table by a click or a key on a heading (where there is no room for headings, by a list), numbers from great to small
 * first, what has no figure always last, without groups; and shows the rows that contain what one types. The page is whole
 * without it.
 */
export const AUDIT_SCRIPT = `
const table = document.querySelector('.workloads');
if (table) {
  const body = table.tBodies[0];
  const ofGroups = table.querySelectorAll('.heading');
  const rowsOf = () => table.querySelectorAll('tbody tr:not(.heading)');
  const headings = [...table.tHead.rows[0].cells];
  const keyOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const sort = (heading, column) => {
    const isNumber = heading.classList.contains('number');
    const before = heading.getAttribute('aria-sort');
    const ascending = before === null || before === 'none' ? !isNumber : before === 'descending';
    const turn = ascending ? 1 : -1;
    const rows = [...rowsOf()].map((row) => ({ row, key: keyOf(row, column) }));
    const compare = isNumber
      ? (a, b) => (a.key === '') - (b.key === '') || turn * (a.key - b.key) || 0
      : (a, b) => turn * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    rows.sort(compare);
    for (const other of headings) other.setAttribute('aria-sort', 'none');
    heading.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    for (const one of ofGroups) one.remove();
    body.append(...rows.map(({ row }) => row));
  };
  const list = document.getElementById('sort');
  list.append(new Option('what is worst', '', true, true));
  list.options[0].disabled = true;
  list.addEventListener('change', () => {
    const heading = headings[list.value];
    heading.setAttribute('aria-sort', 'none');
    sort(heading, Number(list.value));
  });
  headings.forEach((heading, column) => {
    list.append(new Option(heading.textContent.trim(), column));
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    button.addEventListener('click', () => sort(heading, column));
    heading.append(button);
    heading.setAttribute('aria-sort', 'none');
  });
  const form = document.getElementById('filter');
  const [input, said] = [form.querySelector('input'), form.querySelector('output')];
  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rowsOf()) {
      row.hidden = wanted !== '' && !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    said.textContent = wanted === '' ? '' : shown + ' of ' + rowsOf().length;
    for (const one of ofGroups) one.hidden = wanted !== '' && !one.parentElement?.querySelector('tr:not(.heading):not([hidden])');
  });
}
`;

/** What its Content-Security-Policy allows, and nothing else; a test holds it against the script. */
export const AUDIT_SCRIPT_HASH = 'sha256-+LiGE/MPFYRQsarvNwFhfsqAtaJHw92nX7M7gPNO96w=';
