import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTitle } from "../live/live.tsx";
import { word } from "../words/words.ts";

export function NoSuchPage(): ReactNode {
  useTitle(word("no_page.title"));
  return (
    <div className="page empty">
      <h1>{word("no_page.title")}</h1>
      <p>
        <Link to="/cases" search={{ view: "mine" }}>
          {word("no_page.back")}
        </Link>
      </p>
    </div>
  );
}
