/** What is looked at before a case is opened. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Shapes, api, body } from "../api/client.ts";
import { keys } from "../api/queries.ts";

export type FoundContact = Shapes["FoundContactAnswer"];
export interface Draft {
  subject: string;
  text: string;
  department: string;
  contact_id?: string;
  account_id?: string;
  product?: string;
  order_number?: string;
}

const SEARCH_MIN = 2;
const SUBJECT_MIN = 6;
/** As much as the desk compares. */
export const COMPARED_CHARACTERS_MAX = 300;

/** Contacts that what was typed may mean. */
export const contactsFound = (search: string) =>
  queryOptions({
    queryKey: ["contacts", search],
    queryFn: async ({ signal }) => body(await api.GET("/api/contacts", { params: { query: { search } }, signal })).contacts,
    enabled: search.length >= SEARCH_MIN,
    placeholderData: keepPreviousData,
  });

/** Live cases that look like what is being written down. */
export const draftedAlike = (draft: Draft) =>
  queryOptions({
    queryKey: [...keys.alike, "draft", draft],
    queryFn: async ({ signal }) => body(await api.GET("/api/alike", { params: { query: draft }, signal })),
    enabled: draft.subject.length >= SUBJECT_MIN && draft.department !== "",
    placeholderData: keepPreviousData,
  });

export const products = queryOptions({
  queryKey: ["products"],
  queryFn: async ({ signal }) => body(await api.GET("/api/products", { signal })).products,
  staleTime: 5 * 60_000,
});
