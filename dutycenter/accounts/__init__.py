"""People who log in: roles, sessions, the security policy."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.accounts.factors import SecondFactors
    from dutycenter.accounts.factors import factory as second_factors
    from dutycenter.accounts.policy import Policy
    from dutycenter.accounts.services import Accounts, factory

    config.set_security_policy(Policy())
    # Else pyramid_tm asks who it is before every request, for static files too and outside the error views.
    config.add_settings({"tm.annotate_user": False})
    config.register_service_factory(factory, Accounts)
    config.register_service_factory(second_factors, SecondFactors)
    config.include("dutycenter.accounts.views")
    config.include("dutycenter.accounts.factor_views")
    config.include("dutycenter.accounts.admin_views")
