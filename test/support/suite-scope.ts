import { after } from "node:test";

/** Where a helper leaves what must be undone when its test, or its suite, is over. */
export type Scope = { after(undo: () => unknown): void };

/** The scope of the suite whose body calls this: what `before` hooks leave here is undone last first when it ends. */
export function suiteScope(): Scope {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());
  return { after: (undo) => stack.defer(async () => void (await undo())) };
}

/** A scope within a test: what is left here is undone last first when the stack is disposed. */
export const stackScope = (stack: AsyncDisposableStack): Scope => ({
  after: (undo) => stack.defer(async () => void (await undo())),
});
