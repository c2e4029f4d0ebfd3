import type { Command } from '../command.ts';
import { assessCommand } from './assess.ts';
import { collectCommand } from './collect.ts';
import { demoCommand } from './demo.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { initCommand } from './init.ts';
import { needsCommand } from './needs.ts';
import { permissionsCommand } from './permissions.ts';
import { planCommand } from './plan.ts';
import { scanCommand } from './scan.ts';
import { sourcesCommand } from './sources.ts';
import { traceCommand } from './trace.ts';

/** Every command, in the order that `--help` shows; a new one is one file and one line here. */
export const commands: readonly Command[] = [
  demoCommand,
  initCommand,
  planCommand,
  needsCommand,
  permissionsCommand,
  scanCommand,
  collectCommand,
  assessCommand,
  traceCommand,
  sourcesCommand,
  exportCommand,
  importCommand,
];
