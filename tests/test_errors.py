import pytest

from cells.errors import ForbiddenMoveError, check_move
from employers.workflow import CONTRACT_MOVES, ContractState


def test_a_forbidden_move_is_told_in_the_words_of_the_screen():
    with pytest.raises(ForbiddenMoveError, match="« Rompu » à « En cours »"):
        check_move(CONTRACT_MOVES, "broken", ContractState.RUNNING, "Contrat")
