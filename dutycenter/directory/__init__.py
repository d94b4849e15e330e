"""People who are called: departments, posts, numbers, deputies, and who can't be called and why."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    from dutycenter.directory import duplicates, groups, proving
    from dutycenter.directory.services import Directory, factory
    from dutycenter.directory.views import find_people

    config.register_service_factory(factory, Directory)
    config.register_service_factory(groups.factory, groups.Groups)
    config.register_service_factory(duplicates.factory, duplicates.Duplicates)
    config.register_service_factory(proving.factory, proving.Proving)
    config.add_finder(find_people)
    config.include("dutycenter.directory.views")
    config.include("dutycenter.directory.edit_views")
    config.include("dutycenter.directory.district_views")
    config.include("dutycenter.directory.duplicate_views")
    config.include("dutycenter.directory.imports")
