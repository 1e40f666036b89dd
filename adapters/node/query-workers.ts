import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { HubError, type Reason } from "../../core/hub-error.ts";
import type { QueryPlan, RowPage } from "../../projections/twin-query.ts";
import type { Query } from "../../query/ast.ts";
import type { SqlPage } from "../../query/sql/compile-sql.ts";

/** What a worker is started with. */
export type QueryWorkerData = { readonly file: string };

/** What a worker is to do. */
export type QueryOrder =
  | { readonly kind: "page"; readonly query: Query; readonly page: SqlPage }
  | { readonly kind: "plan"; readonly query: Query };

/** What a worker came to. */
export type QueryAnswer =
  | { readonly kind: "page"; readonly page: RowPage; readonly milliseconds: number }
  | { readonly kind: "plan"; readonly plan: QueryPlan }
  | { readonly kind: "refused"; readonly reason: Reason; readonly message: string }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Answers queries in threads of their own. Each sees what was committed to the views before it was asked. All throw HubError
 * `ServiceUnavailable` when a query takes too long, when too many wait, or when the hub stops meanwhile.
 */
export type QueryWorkers = AsyncDisposable & {
  /** Throws HubError `ArgumentInvalid` for a position of another query. */
  page(query: Query, page: SqlPage): Promise<RowPage>;
  plan(query: Query): Promise<QueryPlan>;
};

/** What the workers are made with. */
export type QueryWorkersOptions = {
  /** The views, which exist. */
  readonly file: string;
  /** Threads at most, one for each processor but the one of the connections, if not set. They are started as needed. */
  readonly size?: number;
  /** How long one query may take: 30 s, if not set. */
  readonly timeLimitMs?: number;
  /** Queries that may wait for a thread: 200, if not set. */
  readonly mostWaiting?: number;
  /** Hears of each page and the time that it took in its thread. */
  readonly onPage?: (query: Query, milliseconds: number) => void;
};

/** Opens the workers. */
export function openQueryWorkers(options: QueryWorkersOptions): QueryWorkers {
  const { mostWaiting = 200, onPage = () => {} } = options;
  const pool = createPool(options);
  const ask = async (order: QueryOrder): Promise<QueryAnswer> => {
    if (pool.waiting() >= mostWaiting) throw new HubError("ServiceUnavailable", "too many queries wait already");
    const answer = await pool.run(order);
    if (answer.kind === "refused") throw new HubError(answer.reason, answer.message);
    if (answer.kind === "failed") throw answer.error;
    return answer;
  };
  return {
    async page(query, page) {
      const answer = await ask({ kind: "page", query, page });
      if (answer.kind !== "page") throw new TypeError("a page was asked for");
      onPage(query, answer.milliseconds);
      return answer.page;
    },
    async plan(query) {
      const answer = await ask({ kind: "plan", query });
      if (answer.kind !== "plan") throw new TypeError("a plan was asked for");
      return answer.plan;
    },
    [Symbol.asyncDispose]: pool.close,
  };
}

type Task = {
  readonly order: QueryOrder;
  readonly resolve: (answer: QueryAnswer) => void;
  readonly reject: (error: unknown) => void;
};

type Thread = { readonly worker: Worker; task: Task | undefined; timer: NodeJS.Timeout | undefined };

type Pool = {
  readonly run: (order: QueryOrder) => Promise<QueryAnswer>;
  /** How many wait for a thread. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
};

const usualSize = Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * The threads. A query that takes too long is given up, and its thread is ended and replaced: SQLite as Node has it can not
 * be interrupted, so the thread lives on to the end of the step that it is in, which for a scan may be all of it.
 */
function createPool({ file, size = usualSize, timeLimitMs = 30_000 }: QueryWorkersOptions): Pool {
  const threads = new Set<Thread>();
  const ending = new Set<Promise<number>>();
  const waiting: Task[] = [];
  let closed = false;

  /** Takes a thread out; whoever waits for it gets the error. */
  const end = (thread: Thread, error: unknown): void => {
    if (!threads.delete(thread)) return;
    clearTimeout(thread.timer);
    thread.task?.reject(error);
    const ended = thread.worker.terminate();
    ending.add(ended);
    void ended.finally(() => ending.delete(ended));
    assign();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: startWorker({ file }), task: undefined, timer: undefined };
    thread.worker.on("error", (error) => end(thread, error));
    thread.worker.on("exit", () => end(thread, new Error("a thread that answers queries ended by itself")));
    thread.worker.on("message", (answer: QueryAnswer) => {
      clearTimeout(thread.timer);
      thread.task?.resolve(answer);
      thread.task = undefined;
      assign();
    });
    threads.add(thread);
    return thread;
  };
  const freeThread = (): Thread | undefined =>
    [...threads].find(({ task }) => task === undefined) ?? (threads.size < size ? start() : undefined);
  /** Gives what waits to threads that have nothing to do. */
  const assign = (): void => {
    while (waiting.length > 0 && !closed) {
      const thread = freeThread();
      const task = thread && waiting.shift();
      if (thread === undefined || task === undefined) return;
      thread.task = task;
      thread.timer = setTimeout(() => end(thread, tooLong(timeLimitMs)), timeLimitMs);
      thread.worker.postMessage(task.order);
    }
  };

  return {
    run(order) {
      if (closed) return Promise.reject(stopping());
      const { promise, resolve, reject } = Promise.withResolvers<QueryAnswer>();
      waiting.push({ order, resolve, reject });
      assign();
      return promise;
    },
    waiting: () => waiting.length,
    async close() {
      closed = true;
      for (const task of waiting.splice(0)) task.reject(stopping());
      for (const thread of threads) end(thread, stopping());
      await Promise.all(ending);
    },
  };
}

const startWorker = (workerData: QueryWorkerData): Worker =>
  new Worker(new URL("./query-worker.ts", import.meta.url), { workerData });

const stopping = (): HubError => new HubError("ServiceUnavailable", "the hub is stopping");

const tooLong = (ms: number): HubError =>
  new HubError("ServiceUnavailable", `the query took longer than ${ms / 1000} s`);
