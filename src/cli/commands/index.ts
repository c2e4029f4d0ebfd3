import type { Command } from '../command.ts';
import { assessCommand } from './assess.ts';

/** Every command, in the order that `--help` shows; a new one is one file and one line here. */
export const commands: readonly Command[] = [assessCommand];
