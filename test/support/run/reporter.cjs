// The spec reporter, and after it one line that a machine reads: 'N passed, N failed, N skipped'. As a part of a run it writes the totals of
// each file, its time and its failures into the run's folder instead, for main.ts to add up.
const { writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { reporters } = require('mocha');

module.exports = class Totals extends reporters.Spec {
  #files = new Map();

  constructor(runner, options) {
    super(runner, options);
    const of = runnable => {
      const name = relative(process.cwd(), runnable.file ?? runnable.parent?.file ?? '');
      if (!this.#files.has(name))
        this.#files.set(name, { name, ms: 0, passed: 0, failed: 0, skipped: 0, failures: [] });
      return this.#files.get(name);
    };
    const time = runnable => {
      of(runnable).ms += runnable.duration ?? 0;
    };
    runner.on('test end', time);
    runner.on('hook end', time);
    runner.on('pass', test => of(test).passed++);
    runner.on('pending', test => of(test).skipped++);
    runner.on('fail', (test, error) => {
      of(test).failed++;
      of(test).failures.push(`${test.fullTitle()}: ${String(error?.message ?? error).split('\n')[0]}`);
    });
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const { TANDEM_TEST_RUN: folder, TANDEM_TEST_PART: part } = process.env;
    if (folder && part) writeFileSync(join(folder, `${part}.totals.json`), JSON.stringify([...this.#files.values()]));
    else process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
  }
};
