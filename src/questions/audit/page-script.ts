/**
 * Sorts the table by a click or a key on a heading, numbers from great to small first, what has no figure always last; and shows
 * the rows that contain what one types. The page is whole without it.
 */
export const AUDIT_SCRIPT = `
const table = document.querySelector('.workloads');
if (table) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const keyOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const sort = (heading, column) => {
    const isNumber = heading.classList.contains('number');
    const before = heading.getAttribute('aria-sort');
    const ascending = before === null || before === 'none' ? !isNumber : before === 'descending';
    const turn = ascending ? 1 : -1;
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row, column) }));
    const compare = isNumber
      ? (a, b) => (a.key === '') - (b.key === '') || turn * (a.key - b.key) || 0
      : (a, b) => turn * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    rows.sort(compare);
    for (const other of headings) other.setAttribute('aria-sort', 'none');
    heading.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    body.append(...rows.map(({ row }) => row));
  };
  headings.forEach((heading, column) => {
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
    for (const row of body.rows) {
      row.hidden = wanted !== '' && !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    said.textContent = wanted === '' ? '' : shown + ' of ' + body.rows.length;
  });
}
`;

/** What its Content-Security-Policy allows, and nothing else; a test holds it against the script. */
export const AUDIT_SCRIPT_HASH = 'sha256-SbjsvDFcS9SN7dcu3181mnFxY06W303qierJHjm6o2U=';
