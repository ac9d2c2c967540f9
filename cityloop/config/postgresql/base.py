"""A connection lent by the pool is looked at: one whose server has gone is replaced before anybody uses it.

Django lets the pool ask the server a question at each loan. That is a tenth of what a small request costs, and a
server that has gone has closed its end, which the socket tells for nothing.
"""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Error
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of the pool that stands when it is lent."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Borrow a connection; those that are broken go back, and the pool makes new ones."""
        connection = super().get_new_connection(conn_params)
        for _ in range(self.pool.max_size if self.pool else 0):
            if stands(connection):
                break
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def stands(connection: Any) -> bool:
    """Tell whether a connection at rest can be used: where the server has said something meanwhile, it is asked."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if not socket.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
