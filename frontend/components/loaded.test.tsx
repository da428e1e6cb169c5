// @vitest-environment jsdom
import { QueryClientProvider, useInfiniteQuery } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Loaded } from "@/components/loaded";
import { ApiError } from "@/lib/api/error";
import { createQueryClient } from "@/lib/query-client";

const broken = new ApiError({ status: 500, code: "internal", detail: "It is broken." });
let answers: (number | ApiError)[] = [];

function Numbers() {
  const query = useInfiniteQuery({
    queryKey: ["numbers"],
    queryFn: async () => {
      const answer = answers.shift()!;
      if (answer instanceof ApiError) throw answer;
      return answer;
    },
    initialPageParam: 0,
    getNextPageParam: (page: number) => page,
  });
  return (
    <Loaded query={query} label="Loading numbers…" lines={2}>
      {({ pages }) => <button onClick={() => void query.fetchNextPage()}>{`Numbers: ${pages.join(", ")}`}</button>}
    </Loaded>
  );
}

function show(...list: typeof answers) {
  answers = list;
  render(
    <QueryClientProvider client={createQueryClient()}>
      <Numbers />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  answers = [];
});
afterEach(cleanup);

it("says that it loads, and then shows what came", async () => {
  show(1);
  expect(screen.getByRole("status").textContent).toBe("Loading numbers…");
  await screen.findByText("Numbers: 1");
  expect(screen.queryByRole("status")).toBeNull();
});

it("says what failed, and tries again when asked", async () => {
  show(broken, 1);
  expect((await screen.findByRole("alert")).textContent).toContain("It is broken.");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  await screen.findByText("Numbers: 1");
  expect(screen.queryByRole("alert")).toBeNull();
});

it("leaves duplicate cookies to the notice that the page has for them", async () => {
  show(new ApiError({ status: 401, code: "duplicate_cookies", detail: "There are two." }));
  await expect.poll(() => screen.queryByRole("status")).toBeNull();
  expect(document.body.textContent).toBe("");
});

it("keeps a list whose next page could not be loaded", async () => {
  show(1, broken, 2);
  await userEvent.click(await screen.findByText("Numbers: 1"));
  await expect.poll(() => answers).toEqual([2]);
  await userEvent.click(screen.getByText("Numbers: 1"));
  await screen.findByText("Numbers: 1, 2");
});
