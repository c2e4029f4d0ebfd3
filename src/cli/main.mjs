#!/usr/bin/env node
// JavaScript, so that the compile cache is on before Node loads what takes the types out of the rest: half of the time to start.
import { enableCompileCache } from 'node:module';

enableCompileCache?.();
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
