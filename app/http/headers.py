"""Headers that every answer has, whoever made it."""

from aiohttp import web

from app.http.problems import API

ANY = {"Server": "nightdesk", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
OF_API = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: what a route said itself stands, except who serves it."""
    response.headers["Server"] = ANY["Server"]
    for name, value in {**ANY, **(OF_API if request.path.startswith(API) else {})}.items():
        response.headers.setdefault(name, value)
