import { configure } from "@testing-library/dom";

// For tests only: a busy machine may take longer than the second that is usual here.
configure({ asyncUtilTimeout: 20_000 });
