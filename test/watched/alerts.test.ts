import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CASES, RULES, readCases, readRules } from './alert-rules.ts';
import { promtool, skip } from './promtool.ts';
import { headingsOf, RUNBOOK } from './runbook.ts';

const rules = readRules();
const alerts = [...new Set(rules.map(({ alert }) => alert))];
const headings = headingsOf();

describe('the alerts', () => {
  it('are what promtool takes for rules, without a word of warning', { skip }, () => {
    const { code, said } = promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES]);
    assert.equal(code, 0, said);
  });

  it('fire when they should, in the words that people read, and else do not', { skip }, () => {
    const { code, said } = promtool(['test', 'rules', CASES]);
    assert.equal(code, 0, said);
  });

  it('have each a case in which they fire, by severity, and one in which they do not', () => {
    const cases = readCases();
    const missing = rules.flatMap(({ alert, labels }) => {
      const own = cases.filter(({ alertname }) => alertname === alert);
      const fires = own.some(({ exp_alerts }) =>
        exp_alerts.some(({ exp_labels }) => exp_labels['severity'] === labels['severity']),
      );
      const rests = own.some(({ exp_alerts }) => exp_alerts.length === 0);
      return fires && rests ? [] : [`${alert} ${labels['severity']}`];
    });
    assert.deepEqual(missing, []);
  });

  it('say how urgent they are, what is the matter, and where to read what to do', () => {
    for (const { alert, labels, annotations } of rules) {
      assert.match(alert, /^Gridgate[A-Z]/);
      assert.match(labels['severity'] ?? '', /^(page|ticket)$/, alert);
      const { summary = '', description = '', runbook_url, ...others } = annotations;
      assert.deepEqual(others, {}, alert);
      assert.match(summary, /\.$/, alert);
      assert.match(description, /[.](\{\{ end \}\})?$/, alert);
      assert.equal(runbook_url, `${RUNBOOK}#${alert.toLowerCase()}`);
    }
  });

  it('wake somebody for six things at most', () => {
    const waking = new Set(rules.filter(({ labels }) => labels['severity'] === 'page').map(({ alert }) => alert));
    assert.ok(waking.size <= 6, [...waking].join(', '));
  });
});

describe('the runbook', () => {
  const titles = headings.map(({ title }) => title);

  it('has a heading for each alert, and for no other', () => {
    assert.deepEqual(titles.filter((title) => title.startsWith('Gridgate')).sort(), [...alerts].sort());
  });

  it('says of each alert what it means, what to look at, what to do, and how one knows that it is over', () => {
    for (const { title, text } of headings.filter(({ title }) => alerts.includes(title)))
      for (const part of ['What it means', 'Look at', 'Do', 'It is over when'])
        assert.match(text, new RegExp(`^\\*\\*${part}:?\\*\\*`, 'm'), `${title} has no "${part}"`);
  });

  it('tells of incidents that no alert names', () => {
    for (const incident of [
      'A region in outage',
      'The grid data is gone',
      'The kill switch',
      'Admission is slow',
      'An upgrade went wrong',
      'Restoring from a backup',
      'gridgate was removed in anger',
    ])
      assert.ok(titles.includes(incident), incident);
  });
});
