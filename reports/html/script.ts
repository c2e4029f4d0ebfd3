/**
 * The page's script. It filters, opens what is jumped to, moves through the matrix by arrow keys and shows API answers. It writes text
 * nodes only: the page's policy forbids it to make markup of strings.
 */
export const script = String.raw`
'use strict';
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
  const visible = (text) => String(text).replace(hidden, (character) => Array.from({ length: character.length }, (_, index) => '\\u' + character.charCodeAt(index).toString(16).padStart(4, '0')).join(''));
  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = visible(text);
    if (kind) made.className = kind;
    return made;
  };

  // Filters
  const texts = new WeakMap();
  const textOf = (node) => {
    if (!texts.has(node)) texts.set(node, node.textContent.toLowerCase());
    return texts.get(node);
  };
  const later = (run) => {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(run, 90); };
  };
  const fits = (node, text) => text.every((word) => textOf(node).includes(word));
  const words = (form) => form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const say = (form, shown, total, what) => { form.querySelector('output').textContent = shown === total ? '' : 'Showing ' + shown + ' of ' + total + ' ' + what; };

  const needForm = document.querySelector('[data-filters=needs]');
  const needs = all('.need');
  const filterNeeds = () => {
    const verdicts = new Set(all('[name=verdict]:checked', needForm).map((box) => box.value));
    const severity = needForm.elements.severity.value;
    const text = words(needForm);
    let shown = 0;
    for (const need of needs) {
      const fit = verdicts.has(need.dataset.verdict) && (severity === '' || severity === need.dataset.severity) && fits(need, text);
      need.hidden = !fit;
      if (fit) shown += 1;
    }
    say(needForm, shown, needs.length, 'needs');
  };
  const rowForm = document.querySelector('[data-filters=inventory]');
  const bodies = all('.inventory tbody');
  const filterRows = () => {
    const { source, account, collection } = rowForm.elements;
    const text = words(rowForm);
    let shown = 0;
    let total = 0;
    for (const body of bodies) {
      let inside = 0;
      const named = text.length > 0 && fits(body.firstElementChild, text);
      for (const row of body.rows) {
        if (row.dataset.account === undefined) continue;
        total += 1;
        const fit = (source.value === '' || source.value === body.dataset.source) && (account.value === '' || account.value === row.dataset.account) &&
          (collection.value === '' || collection.value === row.dataset.collection) && (named || fits(row, text));
        row.hidden = !fit;
        if (fit) inside += 1;
      }
      body.hidden = inside === 0;
      shown += inside;
    }
    say(rowForm, shown, total, 'lines');
  };
  for (const [form, run] of [[needForm, filterNeeds], [rowForm, filterRows]]) {
    if (!form) continue;
    form.addEventListener('input', later(run));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && event.target.type === 'search' && event.target.value !== '') { event.target.value = ''; run(); event.preventDefault(); }
    });
    // A browser that goes back restores the fields, not what they did.
    addEventListener('pageshow', run);
  }
  for (const button of all('[data-all]')) {
    button.addEventListener('click', () => {
      for (const need of needs) {
        const details = need.querySelector('details');
        if (details && !need.hidden) details.open = button.dataset.all === 'open';
      }
    });
  }

  // Jumps to a need
  const jump = () => {
    if (!location.hash.startsWith('#need-')) return;
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const need = document.getElementById(id);
    if (!need) return;
    if (need.hidden) { needForm.reset(); filterNeeds(); }
    const details = need.querySelector('details');
    if (details) details.open = true;
    need.scrollIntoView({ block: 'start' });
    (details ? details.querySelector('summary') : need).focus({ preventScroll: true });
  };
  addEventListener('hashchange', jump);
  for (const link of all('.matrix a')) {
    link.addEventListener('click', () => { if (link.hash === location.hash) jump(); });
  }
  jump();

  // One stop of the tab key per matrix, arrow keys inside
  for (const table of all('.matrix')) {
    const rows = all('tbody tr', table).map((row) => all('td', row).map((cell) => cell.querySelector('a')));
    const links = rows.flat().filter(Boolean);
    const enter = (link) => { for (const other of links) other.tabIndex = other === link ? 0 : -1; };
    if (links[0]) enter(links[0]);
    table.addEventListener('focusin', (event) => { if (links.includes(event.target)) enter(event.target); });
    table.addEventListener('keydown', (event) => {
      let row = rows.findIndex((cells) => cells.includes(document.activeElement));
      if (row < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      let column = rows[row].indexOf(document.activeElement);
      const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      let target;
      if (event.key === 'Home') target = rows[row].find(Boolean);
      else if (event.key === 'End') target = rows[row].findLast(Boolean);
      else if (step) {
        do { row += step[0]; column += step[1]; } while (rows[row] && column in rows[row] && !rows[row][column]);
        target = rows[row] && rows[row][column];
      } else return;
      event.preventDefault();
      if (target) { target.focus(); target.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
    });
  }

  // API answers
  const dialog = document.getElementById('answers');
  const calls = dialog.querySelector('.calls');
  const pane = dialog.querySelector('.answer');
  const read = (id) => {
    const script = document.getElementById('e' + id);
    return script && script.type === 'application/json' ? JSON.parse(script.textContent) : undefined;
  };
  const contents = (id) => {
    const record = read(id);
    if (!record) return undefined;
    if (record.same !== undefined) return { ...read(record.same), head: record.head };
    return record;
  };
  const where = (head) => [head.account, head.region].filter(Boolean).join(' · ');
  const failure = (record) => record.answer && record.answer.error;
  const show = (id) => {
    for (const button of all('button', calls)) button.setAttribute('aria-current', String(button.dataset.id === id));
    pane.replaceChildren();
    pane.scrollTop = 0;
    const record = contents(id);
    if (!record) {
      pane.append(element('p', 'Record ' + id + ' stays in the evidence store: it is left out here to keep this file small.'));
      return;
    }
    const { head } = record;
    pane.append(element('h3', head.service + ':' + head.op), element('p', ['record ' + id, where(head), head.at].filter(Boolean).join(' · ')));
    if (record.cut !== undefined) {
      pane.append(element('p', 'The first ' + record.cut.length.toLocaleString('en') + ' of ' + record.length.toLocaleString('en') + ' characters; the evidence store has all of it.'));
      pane.append(element('pre', JSON.stringify(head, null, 2) + '\n' + record.cut));
    } else if (record.answer === undefined) {
      pane.append(element('p', 'The answer (' + record.length.toLocaleString('en') + ' characters) stays in the evidence store: it is left out here to keep this file small.'));
      pane.append(element('pre', JSON.stringify(head, null, 2)));
    } else {
      const copy = element('button', 'Copy', 'copy');
      copy.type = 'button';
      const pre = element('pre', JSON.stringify({ ...head, ...record.answer }, null, 2));
      pre.tabIndex = 0;
      pane.append(pre);
      pane.querySelector('p').append(' ', copy);
    }
  };
  const open = (button) => {
    const ids = button.dataset.answers.split(' ');
    document.getElementById('answers-title').textContent = (ids.length === 1 ? 'API answer behind: ' : ids.length + ' API answers behind: ') + button.dataset.of;
    calls.replaceChildren();
    dialog.querySelector('.panes').classList.toggle('single', ids.length === 1);
    for (const id of ids.slice(0, 500)) {
      const record = contents(id);
      const item = element('li');
      const call = element('button');
      call.type = 'button';
      call.dataset.id = id;
      call.append(element('b', record ? record.head.service + ':' + record.head.op : 'record ' + id));
      if (record) {
        call.append(element('span', where(record.head)));
        if (failure(record)) call.append(element('span', failure(record).code, 'failed'));
      }
      item.append(call);
      calls.append(item);
    }
    if (ids.length > 500) calls.append(element('li', '… and ' + (ids.length - 500) + ' more'));
    dialog.showModal();
    show(ids[0]);
    const first = calls.querySelector('button');
    if (ids.length > 1 && first) first.focus();
  };
  calls.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) show(button.dataset.id);
  });
  calls.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const buttons = all('button', calls);
    const next = buttons[buttons.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)];
    event.preventDefault();
    if (next) { next.focus(); show(next.dataset.id); }
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog || event.target.closest('[data-close]')) dialog.close();
  });

  // Buttons anywhere
  const copyText = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed from a file in some browsers */ }
    const area = element('textarea', '', 'hidden');
    area.value = text;
    (dialog.open ? dialog : document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  };
  document.addEventListener('click', async (event) => {
    const answers = event.target.closest('.answers');
    if (answers) return open(answers);
    const copy = event.target.closest('.copy');
    if (!copy) return;
    const source = copy.closest('li') ? copy.closest('li').querySelector('code') : pane.querySelector('pre');
    const done = await copyText(source.textContent);
    copy.textContent = done ? 'Copied' : 'Select and copy';
    copy.focus();
    setTimeout(() => { copy.textContent = 'Copy'; }, 1600);
  });

  // Paper shows everything
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = all('.need > details:not([open])');
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false;
    closed = [];
  });
})();
`;
