// The spec reporter, and after it one line that a machine reads: 'N passed, N failed, N skipped'. As a part of a run it writes its totals
// and the time of each file into the run's folder instead, for main.ts to add up.
const { writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { reporters } = require('mocha');

module.exports = class Totals extends reporters.Spec {
  #files = new Map();

  constructor(runner, options) {
    super(runner, options);
    const count = runnable => {
      const file = relative(process.cwd(), runnable.file ?? runnable.parent?.file ?? '');
      this.#files.set(file, (this.#files.get(file) ?? 0) + (runnable.duration ?? 0));
    };
    runner.on('test end', count);
    runner.on('hook end', count);
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const { TANDEM_TEST_RUN: folder, TANDEM_TEST_PART: part } = process.env;
    if (folder && part) {
      const report = { passed: passes, failed: failures, skipped: pending, files: [...this.#files] };
      writeFileSync(join(folder, `${part}.totals.json`), JSON.stringify(report));
    } else process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
  }
};
