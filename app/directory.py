"""What the bot matches names against, kept in memory and read anew from time to time."""

from bot.understanding import Name, Names
from caseengine.departments import all_departments
from customers.reading import account_names, product_names
from storage.engine import Database


class Directory:
    """Departments, shops and products by name."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._departments: dict[str, str] = {}
        self._names = Names()
        self.examples: dict[str, tuple[str, ...]] = {}

    async def refresh(self) -> None:
        """Read what changed; readers see the old or the new lists whole."""
        async with self._database.snapshot() as snapshot:
            departments = await all_departments(snapshot)
            stores = await account_names(snapshot)
            products = await product_names(snapshot)
        self._departments = {department.id: department.name for department in departments}
        self.examples = {department.id: department.examples for department in departments}
        names = Names(
            products=tuple(Name(product, name, tuple(aliases)) for product, name, aliases in products),
            stores=tuple(Name(str(account), name) for account, name in stores),
        )
        if names != self._names:
            self._names = names

    def departments(self) -> dict[str, str]:
        return self._departments

    def names(self) -> Names:
        return self._names
