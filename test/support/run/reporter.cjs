// The spec reporter, and after it one line that a machine reads: 'N passed, N failed, N skipped'.
const { reporters } = require('mocha');

module.exports = class Totals extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
  }
};
