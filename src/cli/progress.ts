import type { CollectProgress } from '../collect/engine.ts';
import type { Io } from './command.ts';
import { duration, number } from './table.ts';

/** Seconds between plain lines where there is no terminal. */
const PLAIN_SECONDS = 15;

export interface ProgressLine {
  show(progress: CollectProgress): void;
  /** Takes the live line away. */
  end(): void;
}

/** Progress on stderr: one line written over on a terminal, else a plain line now and then. `now` in milliseconds. */
export function progressLine(io: Pick<Io, 'talk' | 'draw' | 'terminal'>, now: () => number = () => performance.now()): ProgressLine {
  let drawn = false;
  let said = now();
  let last = '';
  return {
    show(progress) {
      const text = progressText(progress);
      if (io.terminal.talk) {
        if (text === last) return;
        io.draw(`\r\u001b[2K${text.slice(0, Math.max(20, io.terminal.columns - 1))}`);
        drawn = true;
      } else if (now() - said >= PLAIN_SECONDS * 1000 && text !== last) {
        io.talk(text);
        said = now();
      }
      last = text;
    },
    end() {
      if (drawn) io.draw('\r\u001b[2K');
      drawn = false;
    },
  };
}

/** `412/1 870 accounts, 48 211 calls, 9 denied, 3 min left`. */
export function progressText({ phase, accounts, calls, denied, throttled, unreachable, eta }: CollectProgress): string {
  return [
    `${phase === 'stores' ? 'stores: ' : ''}${number(accounts.done)}/${number(accounts.total)} account${accounts.total === 1 ? '' : 's'}`,
    `${number(calls)} call${calls === 1 ? '' : 's'}`,
    ...(denied > 0 ? [`${number(denied)} denied`] : []),
    ...(throttled > 0 ? [`${number(throttled)} throttled`] : []),
    ...(unreachable > 0 ? [`${number(unreachable)} unreachable`] : []),
    ...(eta === undefined || eta < 1 ? [] : [`${duration(eta)} left`]),
  ].join(', ');
}
